"""An independent, slow statement of what quantized ONNX files mean, and models to try it on.

Shares no code with the package: only `onnx` to read files, `fractions` to compute, plain Python loops."""
