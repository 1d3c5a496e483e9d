"""Random small float networks: what the quantizer takes, in any order, with weights of any size."""

from typing import TypeVar

import numpy as np
from hypothesis import strategies as st

from rtl_tests.oracle.float_models import FloatNetwork

Choice = TypeVar("Choice")


class Draft:
    """One random network on its way from input to output."""

    def __init__(self, draw: st.DrawFn) -> None:
        """Decides on the input; the network is empty yet."""
        self.draw = draw
        side = draw(st.integers(4, 7))
        self.shape: tuple[int, ...] = draw(st.sampled_from([(1, side, side), (3, side, side), (5,), (12,)]))
        self.network = FloatNetwork(*self.shape)
        self.network.random = np.random.default_rng(draw(st.integers(0, 2**16)))

    def pick(self, *choices: Choice) -> Choice:
        """One of them."""
        return self.draw(st.sampled_from(choices))

    def finished(self) -> FloatNetwork:
        """Body and head."""
        for _ in range(self.pick(1, 2, 3)):
            if len(self.shape) == 3:
                self.pick(self.convolution, self.convolution, self.pool, self.residual)()
            else:
                self.dense(self.pick(3, 6))
            self.bend()
        if len(self.shape) == 3 and self.pick(True, False):
            self.network.node("GlobalAveragePool")
            self.shape = (self.shape[0], 1, 1)
        if len(self.shape) == 3:
            self.network.node("Flatten")
            self.shape = (int(np.prod(self.shape)),)
        self.dense(3)
        return self.network

    def weights(self, *shape: int, fan_in: int) -> str:
        """Random weights, sometimes of very different channels, sometimes with a channel of zeros."""
        random = self.network.random
        weights = random.normal(size=shape) * np.sqrt(2 / fan_in)
        rows = [1] * (len(shape) - 1)
        if self.pick(False, False, True):
            weights *= 2.0 ** random.integers(-5, 6, (shape[0], *rows))
        if self.pick(False, False, True):
            weights *= random.random((shape[0], *rows)) > 0.3
        return self.network.constant(weights.astype(np.float32))

    def bend(self) -> None:
        """What may follow a layer."""
        match self.pick("Relu", "Relu", "Relu", "Clip", "none"):
            case "Relu":
                self.network.node("Relu")
            case "Clip":
                bounds = [self.network.constant(np.array(bound, np.float32)) for bound in (0, self.pick(1, 6))]
                self.network.node("Clip", *bounds)

    def convolution(self) -> None:
        """Of any kernel, stride and padding, by groups too, with a BatchNormalization behind it or without."""
        channels, side, _ = self.shape
        kernel, stride, pad = self.pick(1, 2, 3), self.pick(1, 1, 2), self.pick(0, 1)
        kernel = min(kernel, side + 2 * pad)
        groups = self.pick(1, 1, channels)
        outputs = groups * self.pick(1, 2)
        taken = channels // groups
        weights = self.weights(outputs, taken, kernel, kernel, fan_in=taken * kernel**2)
        self.network.node(
            "Conv", weights, self.weights(outputs, fan_in=20), pads=[pad] * 4, strides=[stride] * 2, group=groups
        )
        side = (side + 2 * pad - kernel) // stride + 1
        self.shape = (outputs, side, side)
        if self.pick(False, True):
            random = self.network.random
            spread = [self.network.constant((0.5 + random.random(outputs)).astype(np.float32)) for _ in range(2)]
            shift = [self.weights(outputs, fan_in=20) for _ in range(2)]
            self.network.node("BatchNormalization", spread[0], *shift, spread[1])

    def pool(self) -> None:
        """The largest, or the mean, of 2×2 or 3×3 words."""
        channels, side, _ = self.shape
        size = min(self.pick(2, 3), side)
        self.network.node(self.pick("MaxPool", "AveragePool"), kernel_shape=[size] * 2, strides=[size] * 2)
        self.shape = (channels, side // size, side // size)

    def residual(self) -> None:
        """A convolution around which its input is added."""
        channels, shortcut = self.shape[0], self.network.last
        self.network.node("Conv", self.weights(channels, channels, 3, 3, fan_in=9 * channels), pads=[1] * 4)
        self.network.node("Add", shortcut)

    def dense(self, outputs: int) -> None:
        """A Gemm, or a MatMul and its Add."""
        (inputs,) = self.shape
        bias = self.weights(outputs, fan_in=20)
        if self.pick(True, False):
            self.network.node("Gemm", self.weights(outputs, inputs, fan_in=inputs), bias, transB=1)
        else:
            self.network.node("MatMul", self.weights(inputs, outputs, fan_in=inputs)).node("Add", bias)
        self.shape = (outputs,)


@st.composite
def float_networks(draw: st.DrawFn) -> FloatNetwork:
    """Random networks of up to five layers that end in a fully connected one."""
    return Draft(draw).finished()
