"""What random networks are made of: awkward scales, weights, biases, windows.

hypothesis decides what is small; bulk numbers come from a generator whose seed it decides."""

from math import log2, prod
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from rtl_tests.oracle.network import Network, code_range

Choice = TypeVar("Choice")
Floats = NDArray[np.float64]

TIE_MAKERS = (1.0, 1.5)  # 2^-n and 3/8: scales under which exact ties are common
AWKWARD = (1.0, 1.5, 1.6, 4 / 3, 1.2, 5 / 3, 1.9999999)  # mantissas of 2^-n, 3/8, 1/10, 1/3, 3/10, 5/3, almost 2


class Parts:
    """Draws the parts of one random network and appends them to it."""

    def __init__(self, draw: st.DrawFn, network: Network) -> None:
        """Decides on the kind of scales."""
        self.draw, self.network = draw, network
        self.random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        self.mantissas = TIE_MAKERS if self.maybe() else AWKWARD

    def pick(self, *choices: Choice) -> Choice:
        """One of the choices; the first is the simplest."""
        chosen: Choice = self.draw(st.sampled_from(choices))
        return chosen

    def maybe(self) -> bool:
        """False is the simpler answer."""
        return self.draw(st.booleans())

    def step(self, size: float) -> float:
        """A float32 scale near `size`."""
        mantissa = self.pick(*self.mantissas, *(() if self.mantissas is TIE_MAKERS else (1 + self.random.random(),)))
        return float(np.float32(mantissa * 2.0 ** (round(log2(size)) + self.pick(0, 1, -1))))

    def steps(self, size: float, channels: int | None) -> Floats:
        """One scale, or one a channel."""
        return np.array(self.step(size) if channels is None else [self.step(size) for _ in range(channels)])

    def kind(self, *always: str) -> str:
        """An element type: those always known, and those that opset 21 adds."""
        late: tuple[str, ...] = ("int4", "uint4", "int16", "uint16") if self.network.opset >= 21 else ()
        return self.pick(*always, *late)

    def zero_point(self, kind: str) -> int:
        """0, the middle of an unsigned type, an end, or anything within a narrow type."""
        lo, hi = code_range(kind)
        return self.pick(0, (lo + hi + 1) // 2, lo, hi, int(self.random.integers(max(lo, -100), min(hi, 100) + 1)))

    def numbers(self, shape: tuple[int, ...], size: float) -> Floats:
        """Normal numbers of a typical magnitude, as float32 holds them."""
        return self.random.normal(0, size, shape).astype(np.float32).astype(np.float64)

    def weights(self, shape: tuple[int, ...], output_axis: int) -> tuple[str, float, Floats]:
        """Constant weights behind a DequantizeLinear: (name, typical magnitude, the scales)."""
        channels = self.pick(None, shape[output_axis])
        axis = None if channels is None else self.pick(output_axis, output_axis - len(shape))
        size = self.pick(0.05, 0.5, 2.0)
        network = self.network
        if self.pick("integers", "float") == "float":
            kind = self.pick("int8", "uint8")
            scales = self.steps(size / 40, channels)
            zeros = 0 if kind == "int8" else 128
            floats = network.constant("float", self.numbers(shape, size))
            clip = (-127, 127) if kind == "int8" and self.maybe() else None
            return network.activation(floats, scales, zeros, kind, clip, axis), size, scales
        kind = self.pick("int8", "uint8", *(("int4", "uint4", "int16") if network.opset >= 21 else ()), "int32")
        reach = 1 << 20 if kind == "int32" else code_range(kind)[1]
        reach = self.pick(reach, min(reach, 7), 1)
        if kind == "int32":
            zero_points, lo, hi = np.zeros(channels or (), dtype=np.int64), -reach, reach
        else:
            zero_points = np.array([self.zero_point(kind) for _ in range(channels or 1)])
            zero_points = zero_points if channels else zero_points[0]
            lo, hi = max(code_range(kind)[0], -reach), reach
        codes = self.random.integers(lo, hi + 1, shape)
        scales = self.steps(size / reach, channels)
        return network.weights(codes, scales, zero_points, kind, axis), size, scales

    def bias(self, outputs: int, size: float, lsb: Floats) -> str | None:
        """A constant of shape (outputs,) near `size`; `lsb` is the accumulator's, one or one an output."""
        network, reals = self.network, self.numbers((outputs,), size)
        match self.pick("none", "float", "half an LSB", "on the grid", "off the grid"):
            case "none":
                return None
            case "float":
                return network.constant("float", reals)
            case "half an LSB":
                return network.constant("float", ((np.rint(reals / lsb) + 0.5) * lsb).astype(np.float32))
            case "on the grid":
                scales = lsb.astype(np.float32).astype(np.float64)
            case _:
                scales = self.steps(size / 100, self.pick(None, outputs))
        codes = np.clip(np.rint(reals / scales), -(2**31), 2**31 - 1).astype(np.int64)
        return network.weights(codes, scales, kind="int32", axis=0 if scales.ndim else None)

    def window(self, image: tuple[int, int], pads: bool, dilates: bool) -> tuple[tuple[int, int], dict[str, object]]:
        """A kernel that fits, and the attributes that place it; at most one line of padding less than the kernel."""
        kernel = self.draw(st.tuples(*(st.integers(1, min(3, side)) for side in image)))
        strides = [self.pick(1, 2), self.pick(1, 2)]
        attributes: dict[str, object] = {} if strides == [1, 1] else {"strides": strides}
        match self.pick("none", "pads", "auto") if pads else self.pick("none", "valid"):
            case "pads":
                attributes["pads"] = [self.pick(*range(size)) for size in (*kernel, *kernel)]
            case "auto":
                # onnxruntime's SAME pads a negative number of lines where windows leave gaps.
                gaps = any(step > size for step, size in zip(strides, kernel, strict=True))
                attributes["auto_pad"] = self.pick("VALID", *(() if gaps else ("SAME_UPPER", "SAME_LOWER")))
            case "valid":
                attributes["auto_pad"] = "VALID"
        roomy = all(2 * size - 1 <= side for size, side in zip(kernel, image, strict=True))
        same = str(attributes.get("auto_pad", "")).startswith("SAME")  # onnxruntime refuses it with dilations
        if dilates and roomy and not same and self.maybe():
            attributes["dilations"] = [self.pick(1, 2), self.pick(1, 2)]
        return kernel, attributes


def fan_in(shape: tuple[int, ...], outputs: int) -> int:
    """How many products a weight tensor sums up for one output."""
    return max(1, prod(shape) // outputs)
