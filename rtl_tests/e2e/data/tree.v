// Seven sums in a tree, no register between them.
module tree (input wire clk, input wire [63:0] x, output reg [10:0] y);
  reg [63:0] words;
  wire [8:0] a = words[7:0] + words[15:8];
  wire [8:0] b = words[23:16] + words[31:24];
  wire [8:0] c = words[39:32] + words[47:40];
  wire [8:0] d = words[55:48] + words[63:56];
  wire [9:0] e = a + b;
  wire [9:0] f = c + d;
  always @(posedge clk) begin
    words <= x;
    y <= e + f;
  end
endmodule
