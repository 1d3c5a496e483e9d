"""Proves what a serial leaf's text computes: the netlist that it was read as, against a layer's linear map."""

from shiftwright.arith.serial.netlist import Netlist
from shiftwright.arith.serial.prove import prove_serial
from shiftwright.arith.serial.word import low_zeros
from shiftwright.build.prove_leaf import LeafProof
from shiftwright.build.prove_statement import LinearMap


def prove_serial_leaf(netlist: Netlist, wanted: LinearMap, cycles: int) -> LeafProof:
    """The proof that words of `cycles` digits come out as the map says; ProofError names what is wrong."""
    low = low_zeros(wanted.matrix, wanted.constants, wanted.ranges)
    prove_serial(netlist, wanted.matrix, wanted.constants, wanted.ranges, cycles, low)
    latency = netlist.latency
    return LeafProof(netlist.adders, netlist.adders * netlist.digit, latency, latency, netlist.registers)
