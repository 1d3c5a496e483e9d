// What Shiftwright never emits: a multiplier, for tests that count them.
module product (input wire clk, input wire signed [15:0] a, input wire signed [15:0] b, output reg signed [31:0] y);
  always @(posedge clk) y <= a * b;
endmodule
