"""A digit-serial netlist as a Verilog leaf.

The module has no markers of its own: start[k] is high in the cycle before cycle k of a word, x carries a word's first
digits in cycle 0 and y in cycle `latency`. Registers have no reset and move while ce is high. Line grammar of the
module's body, which a reader may rely on (B bits of a net less one, H, L, K, W, C, D numbers, N names):

    wire [B:0] N = x[H:L];                                   digits of an input
    reg [B:0] N;                                             a register
    wire [B:0] N = {N[H:0], N[H:L]};                         digits moved up
    wire [C:0] N_all = W'dD;                                 a constant, W = C + 1, and the digits of it:
    wire [B:0] N = N_all[N +: D];                            or N_all[{N, 1'd0} +: D], or {N, 2'd0}
    wire [B:0] N;                                            a sum, and on one line:
    shiftwright_serial_add #(.DIGIT(D), .INVERT(2'bVV), .CARRY(1'bV)) N_add (.clk(clk), .ce(ce), .start(start[K]),
     .a(operand), .b(operand), .hold(hold), .y(N));
    assign y[H:L] = N;                                       digits of an output, or D'd0
    operand: N or D'd0; hold: D'd0, or {N or 1'd0, ...}, the digit's top bit first

Where there are registers, the last lines say what each takes, in the same order; one block, since simulators start each
block anew at each edge:

    always @(posedge clk) if (ce) begin
      N <= N;                                                a delay
      N <= |start[H:L];                                      a hold
      N <= start[K] ? W'd0 : N + W'd1;                       a count of W bits
    end"""

from dataclasses import dataclass
from functools import cached_property

from shiftwright.arith.serial.netlist import Count, Delay, Hold, Input, Netlist, Output, Play, Slip, Statement, Sum
from shiftwright.rtl.leaf import templates

ADD = "shiftwright_serial_add"


@dataclass(frozen=True, slots=True)
class Line:
    """One statement as text: its name, the bits of its net, and what it takes."""

    kind: str
    name: str = ""
    bits: int = 1
    value: str = ""
    high: int = 0
    low: int = 0
    all_bits: int = 0
    number: int = 0
    inverts: str = ""
    carry: int = 0
    start: int = 0
    a: str = ""
    b: str = ""
    hold: str = ""


@dataclass(frozen=True)
class SerialLeaf:
    """y = matrix·x + constants, digit by digit, as the netlist says."""

    name: str
    netlist: Netlist

    @property
    def latency(self) -> int:
        """Cycles from the first digits of x to those of y."""
        return self.netlist.latency

    @cached_property
    def text(self) -> str:
        """The module's Verilog; depends on name and netlist alone."""
        lines = [self._line(statement) for statement in self.netlist.statements]
        template = templates().get_template("serial_graph.v.j2")
        return template.render(name=self.name, netlist=self.netlist, lines=lines, add=ADD)

    def files(self) -> dict[str, str]:
        """File name to text: the leaf's module, and the adder's where it is used."""
        add = {f"{ADD}.v": templates().get_template("serial_add.v.j2").render(name=ADD)}
        return {f"{self.name}.v": self.text} | (add if self.netlist.adders else {})

    def _line(self, statement: Statement) -> Line:
        digit = self.netlist.digit
        zero = f"{digit}'d0"
        match statement:
            case Input(name, index):
                return Line("Input", name, digit, f"x[{index * digit + digit - 1}:{index * digit}]")
            case Delay(name, bits, source):
                return Line("Delay", name, bits, source)
            case Hold(name, first, last):
                return Line("Hold", name, 1, f"|start[{last}:{first}]")
            case Count(name, bits, start):
                return Line("Count", name, bits, f"start[{start}] ? {bits}'d0 : {name} + {bits}'d1")
            case Slip(name, source, older, bits):
                low = f"{source}[{digit - bits - 1}:0]"
                return Line("Slip", name, digit, f"{{{low}, {older}[{digit - 1}:{digit - bits}]}}")
            case Play(name, number, bits, count):
                zeros = digit.bit_length() - 1
                place = f"{{{count}, {zeros}'d0}}" if zeros else count
                return Line("Play", name, digit, place, all_bits=digit << bits, number=number)
            case Sum(name, a, b, inverts, carry, start, holds):
                kept = ", ".join(hold or "1'd0" for hold in reversed(holds))
                return Line(
                    "Sum",
                    name,
                    digit,
                    inverts=f"{inverts[1]:d}{inverts[0]:d}",
                    carry=int(carry),
                    start=start,
                    a=a or zero,
                    b=b or zero,
                    hold=f"{{{kept}}}" if holds else zero,
                )
            case Output(index, source):
                return Line("Output", high=index * digit + digit - 1, low=index * digit, value=source or zero)
