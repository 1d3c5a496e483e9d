"""Every error a user can meet: one base class, one subclass a package.

A message says what is wrong, where, and what to do next, in one line. The command line prints it and exits with 2."""


class ShiftwrightError(Exception):
    """Base of all errors that a user can cause and mend."""


class RangeError(ShiftwrightError):
    """A number does not fit: an interval beyond 62 bits, a scale that is not positive."""


class SolveError(ShiftwrightError):
    """A matrix or a setting of the solver is unusable."""


class ProofError(ShiftwrightError):
    """A proof failed: the hardware description does not compute what the integer graph says."""


class GraphError(ShiftwrightError):
    """The integer graph is not well formed."""


class ImportModelError(ShiftwrightError):
    """An ONNX file cannot be read as a quantized network."""


class UnsupportedOp(ImportModelError):
    """An ONNX operator, or one of its settings, has no integer form here."""


class HardwareError(ShiftwrightError):
    """An integer graph that golden computes has no hardware yet."""


class QuantizeError(ShiftwrightError):
    """A float model, its calibration data or a quantizer's setting is unusable."""


class BuildError(ShiftwrightError):
    """A build folder cannot be written or read."""


class SimulationError(ShiftwrightError):
    """A simulator is missing, failed, or disagrees with golden."""


class SynthesisError(ShiftwrightError):
    """A synthesis tool is missing or failed, or there is nothing to synthesize."""
