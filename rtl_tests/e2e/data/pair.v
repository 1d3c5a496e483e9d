// A design small enough to know by heart: two int8 lanes a, b come in, four positions a frame. The stage "sum" makes
// (a + b, a - b), the stage "mix" makes (3a - b, -a - 3b) of it. Both take a word a cycle and wait for their receiver.
module pair (
  input  wire        aclk,
  input  wire        aresetn,
  input  wire [15:0] s_axis_tdata,
  input  wire        s_axis_tvalid,
  output wire        s_axis_tready,
  input  wire        s_axis_tlast,
  output wire [31:0] m_axis_tdata,
  output wire        m_axis_tvalid,
  input  wire        m_axis_tready,
  output wire        m_axis_tlast
);
  reg               sum_valid, mix_valid;
  reg signed [8:0]  plus, minus;
  reg signed [10:0] mix0, mix1;
  reg [1:0]         position;

  // What the broken copies count by: input beats, and cycles since the first.
  reg [15:0] taken, since;
  always @(posedge aclk)
    if (!aresetn) begin
      taken <= 0;
      since <= 0;
    end else begin
      if (s_axis_tvalid & s_axis_tready) taken <= taken + 1;
      if (taken != 0 | s_axis_tvalid & s_axis_tready) since <= since + 1;
    end

  wire signed [7:0] a = s_axis_tdata[7:0];
  wire signed [7:0] b = s_axis_tdata[15:8];
  wire mix_ready = m_axis_tready;
  wire sum_ready = ~mix_valid | mix_ready;
  assign s_axis_tready = ~sum_valid | sum_ready;

  always @(posedge aclk)
    if (!aresetn) sum_valid <= 0;
    else if (~sum_valid | sum_ready) begin
      sum_valid <= s_axis_tvalid;
      plus <= a + b;
      minus <= a - b;
    end

  always @(posedge aclk)
    if (!aresetn) mix_valid <= 0;
    else if (sum_ready) begin
      mix_valid <= sum_valid;
      mix0 <= plus + (minus <<< 1);
      mix1 <= minus - (plus <<< 1);
    end

  always @(posedge aclk)
    if (!aresetn) position <= 0;
    else if (m_axis_tvalid & m_axis_tready) position <= position + 1;

  assign m_axis_tvalid = mix_valid;
  assign m_axis_tlast = position == 3;
  assign m_axis_tdata = {{5{mix1[10]}}, mix1, {5{mix0[10]}}, mix0};

  wire        link_sum_valid = sum_valid;
  wire        link_sum_ready = sum_ready;
  wire [17:0] link_sum_payload = {minus, plus};
  wire        link_mix_valid = mix_valid;
  wire        link_mix_ready = mix_ready;
  wire [21:0] link_mix_payload = {mix1, mix0};
endmodule
