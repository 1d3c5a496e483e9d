"""What an adder graph costs when its words are sent a digit at a time: an adder each, whatever its width.

A one-bit adder is two LUTs of four inputs, its sum and its carry; shifts and word lengths cost none."""

from shiftwright.arith.families.family import Cells, Family
from shiftwright.arith.families.sums import Sum
from shiftwright.arith.serial.netlist import Count, Hold, Netlist, Play

LUTS_A_BIT = 2
FOUR_INPUTS = {1: LUTS_A_BIT, 2: 5, 4: 12}  # LUTs of an adder by the bits of its digit


def one_an_adder(adder: Sum) -> Cells:
    """Two LUTs, however many bits it adds."""
    return Cells(luts=LUTS_A_BIT)


SERIAL = Family(
    "serial", "digit-serial words: an adder is an adder", bit2=0.0, fixed2=float(LUTS_A_BIT), cells=one_an_adder
)


def adder_luts(digit: int, operands: int) -> int:
    """LUTs of one adder of `digit` bits, carry chains included, after nextpnr on ECP5; where a LUT has six inputs, and
    so two outputs (families that add three operands), one a bit."""
    return digit + (digit > 1) if operands == 3 else FOUR_INPUTS[digit]


def hold_luts(netlist: Netlist) -> int:
    """LUTs of what adders share: markers gathered into holds, counters, and constants picked by them."""
    found = 0
    for statement in netlist.statements:
        match statement:
            case Hold(_, first, last):
                found += -(-(last - first) // 3)
            case Count(_, bits, _):
                found += bits
            case Play(_, _, bits, _):
                found += netlist.digit << max(0, bits - 4)
    return found
