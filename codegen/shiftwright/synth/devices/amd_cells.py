"""What the cells of AMD's 7 Series and UltraScale families count as; both families' files take it from here."""

from shiftwright.synth.counts import Counts

RULE = (
    "every LUT1 to LUT6 is one LUT, and so is a LUT6_2, an inverter and a shift register (SRL); a CARRY8 counts as two "
    "CARRY4; LUTs that a placer adds to reach a carry chain are not in it"
)
CELLS = {
    "LUT[1-6]": Counts(luts=1),
    "LUT6_2": Counts(luts=1),
    "INV": Counts(luts=1),
    "SRL16E": Counts(luts=1),
    "SRLC16E": Counts(luts=1),
    "SRLC32E": Counts(luts=1),
    "CARRY4": Counts(carry=1),
    "CARRY8": Counts(carry=2),
    "MUXF[789]": Counts(),
    "BUFG*": Counts(),
    "FD[RSCP]E*": Counts(registers=1),
    "LD[CP]E*": Counts(registers=1),
    "RAM32X1S*": Counts(luts=1),
    "RAM64X1S*": Counts(luts=1),
    "RAM32X1D*": Counts(luts=2),
    "RAM64X1D*": Counts(luts=2),
    "RAM128X1S*": Counts(luts=2),
    "RAM128X1D*": Counts(luts=4),
    "RAM256X1S*": Counts(luts=4),
    "RAM256X1D*": Counts(luts=8),
    "RAM512X1S*": Counts(luts=8),
    "RAM64X8SW*": Counts(luts=8),
    "RAM32M16*": Counts(luts=8),
    "RAM64M8*": Counts(luts=8),
    "RAM32M*": Counts(luts=4),
    "RAM64M*": Counts(luts=4),
    "RAMB18*": Counts(memory_blocks=1),
    "RAMB36*": Counts(memory_blocks=2),
    "URAM288*": Counts(memory_blocks=16),
    "DSP*": Counts(dsp=1),
}
