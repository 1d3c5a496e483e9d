"""Random small quantized networks: every operator, type and form of scale that the frontend reads, in any order."""

from dataclasses import dataclass
from math import log2, prod, sqrt

import numpy as np
import onnx
from hypothesis import strategies as st
from numpy.typing import NDArray

from rtl_tests.oracle.attributes import Attributes
from rtl_tests.oracle.network import KIND, Network, code_range, powers_of_two
from rtl_tests.oracle.random_parts import Parts, fan_in
from rtl_tests.oracle.windows import Window

NARROW: dict[str, tuple[tuple[int | None, int | None], ...]] = {
    "int8": ((-8, 7), (-7, 7), (-1, 1), (None, 100), (0, None)),
    "uint8": ((0, 15), (0, 3), (None, 200), (5, None)),
}
"""Code clips of QCDQ; onnxruntime clips eight-bit codes only."""


@dataclass(frozen=True, slots=True)
class Example:
    """A model and a batch for its input."""

    model: onnx.ModelProto
    x: NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Flow:
    """The tensor a network has come to: shape without the batch, typical magnitude, and its scale where it has one."""

    name: str
    shape: tuple[int, ...]
    size: float
    scale: float = 1.0


class Sketch:
    """One random network on its way from input to output."""

    def __init__(self, draw: st.DrawFn) -> None:
        """Decides on the input; the network is empty yet."""
        opset = draw(st.integers(13, 23))
        self.batch = draw(st.sampled_from((3, 1, 2)))
        self.form = draw(st.sampled_from(("vector", "image", "image", "rows of features", "channels last")))
        side = st.integers(3, 6)
        shapes = {
            "vector": st.tuples(st.integers(1, 8)),
            "image": st.tuples(st.integers(1, 3), side, side),
            "rows of features": st.tuples(st.integers(1, 4), st.integers(1, 5)),
            "channels last": st.tuples(side, side, st.integers(1, 3)),
        }
        self.shape = draw(shapes[self.form])
        kind = draw(st.sampled_from(("float", "float", "uint8", "int8")))
        self.network = Network([self.batch if draw(st.booleans()) else "N", *self.shape], kind, opset)
        self.parts = Parts(draw, self.network)

    def example(self) -> Example:
        """Input, body, head and end."""
        x, flow = self.start()
        if self.form == "channels last":
            rows, columns, channels = flow.shape
            name = self.network.node("Transpose", [flow.name], perm=[0, 3, 1, 2])
            flow = Flow(name, (channels, rows, columns), flow.size, flow.scale)
        for _ in range(self.parts.pick(1, 0, 2)):
            flow = self.image_block(flow) if len(flow.shape) == 3 else self.dense_block(flow)
        if self.parts.maybe():
            flow = self.flatten(flow) if len(flow.shape) > 1 else flow
        last = self.dense(flow) if len(flow.shape) < 3 else self.convolution(flow)
        return Example(self.finish(last), x)

    def start(self) -> tuple[NDArray[np.generic], Flow]:
        """Random input with exact ties and values beyond the range, and the dequantized codes it becomes."""
        parts, network = self.parts, self.network
        shape = (self.batch, *self.shape)
        if network.kind != "float":
            lo, hi = code_range(network.kind)
            codes = parts.random.integers(lo, hi + 1, shape)
            scale, zero = parts.step(0.01), parts.zero_point(network.kind)
            x = codes.astype(onnx.helper.tensor_dtype_to_np_dtype(KIND[network.kind]))
            return x, Flow(network.dequantize("x", scale, zero, network.kind), self.shape, scale * (hi - lo) / 4, scale)
        flow, lo, hi, zero = self.activation(Flow("x", self.shape, 1.0))
        margin = max(2, (hi - lo) // 8)
        steps = parts.random.integers(lo - zero - margin, hi - zero + margin + 1, shape)
        rest = parts.random.choice([0, 0.5, parts.random.random()], shape)
        return ((steps + rest) * flow.scale).astype(np.float32), flow

    def activation(self, flow: Flow) -> tuple[Flow, int, int, int]:
        """Quantize, sometimes clip the codes, dequantize; also the range of the codes and their zero point."""
        parts = self.parts
        kind = parts.kind("int8", "uint8")
        lo, hi = code_range(kind)
        zero, clip = parts.zero_point(kind), None
        if kind in NARROW and parts.maybe():
            clip = parts.pick(*NARROW[kind])
            lo, hi = lo if clip[0] is None else clip[0], hi if clip[1] is None else clip[1]
            zero = parts.pick(0, lo, hi)
        scale = parts.step(4 * flow.size / (hi - lo))
        axis, scales = None, np.array(scale)
        if flow.name != "x" and parts.pick(False, False, False, True):
            axis = 1 if len(flow.shape) != 2 else 2  # the axis that meets the weights
            channels = flow.shape[axis - 1]
            scales = scale * 2.0 ** parts.random.integers(-1, 2, channels)
        name = self.network.activation(flow.name, scales, np.full(scales.shape, zero), kind, clip, axis)
        return Flow(name, flow.shape, min(flow.size, scale * (hi - lo)), scale), lo, hi, zero

    def image_block(self, flow: Flow) -> Flow:
        """A convolution, a residual sum or a pooling of codes, quantized again."""
        match self.parts.pick("convolution", "residual", "pool", "average"):
            case "convolution":
                return self.narrowed(self.bend(self.convolution(flow)))
            case "residual":
                return self.residual(flow, self.convolution(flow, keep_shape=True))
            case "pool":
                return self.max_pool(flow)
            case _:
                return self.average(flow)

    def dense_block(self, flow: Flow) -> Flow:
        """A matrix product or a residual sum of two, quantized again."""
        if self.parts.maybe():
            return self.residual(flow, self.dense(flow, keep_shape=True))
        return self.narrowed(self.bend(self.dense(flow)))

    def narrowed(self, flow: Flow) -> Flow:
        """Quantized, by even steps or told apart by thresholds."""
        parts = self.parts
        if not parts.pick(False, False, True):
            return self.activation(flow)[0]
        powers, signed, kind = parts.pick(3, 1, 5), parts.maybe(), parts.pick("int32", "int64")
        step = 2.0 ** round(log2(flow.size)) / 2 ** parts.pick(powers - 1, 0)
        table = powers_of_two(step, powers, signed)
        thresholds = (table[1:] + table[:-1]) / parts.pick(2, 2**0.5)
        codes = self.network.count(flow.name, thresholds, kind, parts.pick(-1, len(flow.shape) + 1))
        return Flow(self.network.look_up(codes, table), flow.shape, min(flow.size, table[-1]), step)

    def bend(self, flow: Flow) -> Flow:
        """Nothing, Relu, Clip and pooling in any order."""
        parts, network = self.parts, self.network
        for _ in range(parts.pick(1, 0, 2)):
            match parts.pick("relu", "clip", "pool"):
                case "relu":
                    flow = Flow(network.node("Relu", [flow.name]), flow.shape, flow.size)
                case "clip":
                    bounds = parts.pick((0.0, 6.0), (-1.0, 1.0), (0.0, None), (None, 0.5), (0.1, 0.7))
                    low, high = (None if bound is None else bound * flow.size for bound in bounds)
                    flow = Flow(network.clip(flow.name, low, high), flow.shape, flow.size)
                case _ if len(flow.shape) == 3:
                    flow = self.max_pool(flow)
        return flow

    def convolution(self, flow: Flow, keep_shape: bool = False) -> Flow:
        """Grouped or not, any window, any bias."""
        parts, (channels, rows, columns) = self.parts, flow.shape
        group = parts.pick(1, channels)
        outputs = channels if keep_shape else group * parts.pick(*range(1, 1 + 4 // group))
        kernel, attributes = parts.window((rows, columns), pads=True, dilates=True)
        if keep_shape:
            attributes = {"auto_pad": "SAME_UPPER"}
        weight_shape = (outputs, channels // group, *kernel)
        weights, weight_size, scales = parts.weights(weight_shape, 0)
        size = flow.size * weight_size * sqrt(fan_in(weight_shape, outputs))
        bias = parts.bias(outputs, size, scales * flow.scale)
        inputs = [flow.name, weights] if bias is None else [flow.name, weights, bias]
        name = self.network.node("Conv", inputs, group=group, kernel_shape=list(kernel), **attributes)
        window = Window.of(Attributes(attributes), list(kernel), [rows, columns])
        return Flow(name, (outputs, *window.outputs), size)

    def dense(self, flow: Flow, keep_shape: bool = False) -> Flow:
        """Gemm with its settings, or MatMul and the Add of a bias from either side."""
        parts, network, depth = self.parts, self.network, flow.shape[-1]
        outputs = depth if keep_shape else parts.pick(3, 1, 2, 5)
        shape = (*flow.shape[:-1], outputs)
        gemm = len(shape) == 1 and parts.maybe()
        flip = gemm and parts.maybe()
        weights, weight_size, scales = parts.weights((outputs, depth) if flip else (depth, outputs), 0 if flip else 1)
        size = flow.size * weight_size * sqrt(depth)
        bias = parts.bias(outputs, size, scales * flow.scale)
        inputs = [flow.name, weights]
        if gemm:
            attributes: dict[str, object] = {"transB": 1} if flip else {}
            if parts.maybe():
                attributes |= {"alpha": parts.pick(0.5, 0.1), "beta": parts.pick(1.0, 0.3)}
            inputs += [] if bias is None else [bias]
            return Flow(network.node("Gemm", inputs, **attributes), shape, size)
        name = network.node("MatMul", inputs)
        if bias is not None:
            name = network.node("Add", parts.pick([name, bias], [bias, name]))
        return Flow(name, shape, size)

    def residual(self, flow: Flow, branch: Flow) -> Flow:
        """flow + Q(branch), sometimes + flow once more, sometimes bent, quantized again."""
        other = self.activation(self.bend_flat(branch))[0]
        name = self.network.node("Add", self.parts.pick([flow.name, other.name], [other.name, flow.name]))
        if self.parts.maybe():
            name = self.network.node("Add", [name, flow.name])
        return self.activation(self.bend(Flow(name, flow.shape, flow.size + other.size)))[0]

    def bend_flat(self, flow: Flow) -> Flow:
        """Relu or nothing: the shape must stay."""
        return Flow(self.network.node("Relu", [flow.name]), flow.shape, flow.size) if self.parts.maybe() else flow

    def max_pool(self, flow: Flow) -> Flow:
        """MaxPool with any window that touches the image everywhere."""
        channels, *image = flow.shape
        kernel, attributes = self.parts.window((image[0], image[1]), pads=True, dilates=False)
        name = self.network.node("MaxPool", [flow.name], kernel_shape=list(kernel), **attributes)
        window = Window.of(Attributes(attributes), list(kernel), image)
        return Flow(name, (channels, *window.outputs), flow.size, flow.scale)

    def average(self, flow: Flow) -> Flow:
        """AveragePool or GlobalAveragePool, quantized again or not."""
        channels, *image = flow.shape
        if self.parts.maybe():
            pooled = Flow(self.network.node("GlobalAveragePool", [flow.name]), (channels, 1, 1), flow.size, flow.scale)
        else:
            kernel, attributes = self.parts.window((image[0], image[1]), pads=False, dilates=False)
            name = self.network.node("AveragePool", [flow.name], kernel_shape=list(kernel), **attributes)
            window = Window.of(Attributes(attributes), list(kernel), image)
            pooled = Flow(name, (channels, *window.outputs), flow.size, flow.scale / prod(kernel))
        return self.activation(pooled)[0] if self.parts.maybe() else pooled

    def flatten(self, flow: Flow) -> Flow:
        """To one axis, by Flatten or Reshape, sometimes channel last first."""
        parts, network, name = self.parts, self.network, flow.name
        if len(flow.shape) == 3 and parts.maybe():
            name = network.node("Transpose", [name], perm=[0, 2, 3, 1])
        width = prod(flow.shape)
        match parts.pick("Flatten", "to the batch", "to the rest"):
            case "Flatten":
                name = network.node("Flatten", [name])
            case "to the batch":
                name = network.node("Reshape", [name, network.constant("int64", [-1, width])])
            case _:
                name = network.node("Reshape", [name, network.constant("int64", [0, -1])])
        return Flow(name, (width,), flow.size, flow.scale)

    def finish(self, flow: Flow) -> onnx.ModelProto:
        """Accumulators, codes, or dequantized codes."""
        parts = self.parts
        match parts.pick("accumulators", "codes", "real"):
            case "accumulators":
                return self.network.model(flow.name)
            case "real":
                return self.network.model(self.activation(self.bend(flow))[0].name)
        flow, kind = self.bend(flow), parts.pick("int8", "uint8")
        scale = parts.step(flow.size / 64)
        return self.network.model(self.network.quantize(flow.name, scale, parts.zero_point(kind), kind), kind)


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """A random model and a batch for it."""
    return Sketch(draw).example()
