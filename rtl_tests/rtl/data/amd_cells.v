// What AMD publishes of the three cells that shiftwright_add3 is built of: UG953 (7 series), UG974 (UltraScale).

// A look-up table: O6 of all six inputs, O5 of the lower five and the lower half of INIT.
module LUT6_2 #(
  parameter [63:0] INIT = 64'h0
) (output O5, output O6, input I0, input I1, input I2, input I3, input I4, input I5);
  wire [15:0] low = I4 ? INIT[31:16] : INIT[15:0];
  wire [15:0] high = I4 ? INIT[63:48] : INIT[47:32];
  wire [15:0] both = I5 ? high : low;
  wire [7:0] low3 = I3 ? low[15:8] : low[7:0];
  wire [7:0] both3 = I3 ? both[15:8] : both[7:0];
  wire [3:0] low2 = I2 ? low3[7:4] : low3[3:0];
  wire [3:0] both2 = I2 ? both3[7:4] : both3[3:0];
  wire [1:0] low1 = I1 ? low2[3:2] : low2[1:0];
  wire [1:0] both1 = I1 ? both2[3:2] : both2[1:0];
  assign O5 = I0 ? low1[1] : low1[0];
  assign O6 = I0 ? both1[1] : both1[0];
endmodule

// Where S is 1 the carry goes on, elsewhere DI replaces it.
module CARRY4 (output [3:0] CO, output [3:0] O, input CI, input CYINIT, input [3:0] DI, input [3:0] S);
  wire [4:0] carry = {CO, CI | CYINIT};
  assign O = S ^ carry[3:0];
  assign CO = S & carry[3:0] | ~S & DI;
endmodule

module CARRY8 #(
  parameter CARRY_TYPE = "SINGLE_CY8"
) (output [7:0] CO, output [7:0] O, input CI, input CI_TOP, input [7:0] DI, input [7:0] S);
  wire [8:0] carry = {CO, CI};
  assign O = S ^ carry[7:0];
  assign CO = S & carry[7:0] | ~S & DI;
endmodule
