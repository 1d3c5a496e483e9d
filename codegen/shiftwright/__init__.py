"""Shiftwright: from quantized neural networks to multiplier-free FPGA datapaths, exact bit for bit."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shiftwright.build.core import Core, solve
    from shiftwright.flow import Model, load

__all__ = ["Core", "Model", "__version__", "load", "solve"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """The facades on first use: a part of the package does not pay for the whole one's imports."""
    if name in ("Model", "load"):
        from shiftwright import flow

        return getattr(flow, name)
    if name in ("Core", "solve"):
        from shiftwright.build import core

        return getattr(core, name)
    raise AttributeError(f"module 'shiftwright' has no attribute {name!r}")
