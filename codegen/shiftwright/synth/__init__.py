"""Synthesis by open tools: what a design costs on a device, and how fast it is there."""

from shiftwright.synth.counts import Counts
from shiftwright.synth.luts import luts

__all__ = ["Counts", "luts"]
