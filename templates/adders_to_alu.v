// Each adder becomes an $alu of its own, which every family maps to its carry chain. Left as $add and $sub, Yosys would
// merge those that no register parts into a compressor of LUTs, which is larger.
(* techmap_celltype = "$add $sub" *)
module adder_to_alu (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";
  localparam SUBTRACTS = _TECHMAP_CELLTYPE_ == "$sub";
  (* force_downto *)
  input [A_WIDTH-1:0] A;
  (* force_downto *)
  input [B_WIDTH-1:0] B;
  (* force_downto *)
  output [Y_WIDTH-1:0] Y;
  wire [Y_WIDTH-1:0] propagated, carries;
  \$alu #(
    .A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED), .A_WIDTH(A_WIDTH), .B_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)
  ) alu (.A(A), .B(B), .CI(SUBTRACTS), .BI(SUBTRACTS), .X(propagated), .Y(Y), .CO(carries));
endmodule
