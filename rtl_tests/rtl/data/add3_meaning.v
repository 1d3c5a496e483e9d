// What shiftwright_add3 means, in signed arithmetic: bits HIGH to 0 of a, bits HIGH to LOW of b and c.
module add3_meaning #(
  parameter WIDTH = 1, parameter LOW = 0, parameter HIGH = 0, parameter SIGNED = 0, parameter NEGATIVE = 0
) (
  input [WIDTH-1:0] a, input [WIDTH-1:0] b, input [WIDTH-1:0] c, output [WIDTH-1:0] y
);
  wire signed [WIDTH:0] first = $signed({SIGNED != 0 && a[HIGH], a[HIGH:0]});
  wire signed [WIDTH:0] second = $signed({SIGNED != 0 && b[HIGH], b[HIGH:0]}) >>> LOW <<< LOW;
  wire signed [WIDTH:0] third = $signed({SIGNED != 0 && c[HIGH], c[HIGH:0]}) >>> LOW <<< LOW;
  assign y = first + (NEGATIVE == 2 ? -second : second) + (NEGATIVE >= 1 ? -third : third);
endmodule
