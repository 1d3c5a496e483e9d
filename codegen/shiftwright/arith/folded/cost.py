"""Estimated LUTs of a whole folded engine, for families with four-input LUTs and a LUT a bit of carry chain."""

from shiftwright.arith.folded.codes import FoldedCodes
from shiftwright.arith.folded.datapath_cost import datapath_luts, rom_luts

CONTROL = 16  # handshake, comparators


def engine_luts(codes: FoldedCodes, groups: int = 1) -> int:
    """Banks, lanes, trees (`datapath_luts`), accumulators, both memories and control, as Yosys would count them.

    Each of `groups` equal parts of the PEs has words, and banks, of its own.
    An accumulator takes a LUT a bit, and one for the carry of negations. Start values that differ from run to run are a
    memory and take a multiplexer a bit; others are the registers' reset. Memories count as `rom_luts` says."""
    negates = any(term.negates for term in codes.terms)
    accumulators = codes.pe * (codes.accumulator_bits + negates)
    weights = rom_luts(codes.runs * codes.chunks, codes.pe * codes.simd * codes.lane_bits)
    starts = 0
    if len(set(codes.starts)) > 1:
        bits = codes.pe * codes.accumulator_bits
        starts = bits + rom_luts(codes.runs, bits)
    counters = 2 * (codes.runs * codes.chunks - 1).bit_length() + 2 * (codes.chunks - 1).bit_length()
    datapath = groups * datapath_luts(codes.terms, codes.word, codes.pe // groups, codes.simd)
    return datapath + accumulators + weights + starts + counters + CONTROL
