"""The float operators that can be quantized, by the part they play."""

LAYERS = frozenset({"Conv", "Gemm", "MatMul"})
CLAMPS = frozenset({"Relu", "Clip"})
LAYOUT = frozenset({"Flatten", "Reshape", "Transpose"})
MAXIMA = frozenset({"MaxPool"})
AVERAGES = frozenset({"AveragePool", "GlobalAveragePool"})
SUMS = frozenset({"Add"})
JOINS = frozenset({"Concat"})

# They take codes to codes at the same scale.
CARRIERS = LAYOUT | MAXIMA
# They work on codes, so that what they read has to be quantized.
READERS = LAYERS | MAXIMA | AVERAGES | SUMS
SUPPORTED = LAYERS | CLAMPS | CARRIERS | AVERAGES | SUMS | JOINS
