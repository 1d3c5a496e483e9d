"""Layers with something behind them, and what must hold of their canonical form."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx_ir

from rtl_tests.unit.quantize_networks import Draft, frames, run
from shiftwright.quantize import Settings, quantize
from shiftwright.quantize.canonical import canonicalize

FINE = Settings(weights="uniform", weight_bits=8, activation_bits=8, correct="bias")


def canonical(path: Path) -> onnx_ir.Model:
    """The canonical form of a file."""
    model = onnx_ir.load(path)
    canonicalize(model)
    return model


def operators(model: onnx_ir.Model) -> list[str]:
    """The operators of a graph in its order."""
    return [node.op_type for node in model.graph]


def assert_all_the_same(draft: Draft, path: Path, expected: list[str], opset: int = 17) -> None:
    """The canonical form consists of these operators and computes what the file does; so, nearly, does the end."""
    source, form, x = draft.save(path / "float.onnx", opset), path / "form.onnx", frames(draft)
    model = canonical(source)
    onnx_ir.save(model, form)
    quantize(source, {"x": x}, FINE, path / "quantized.onnx")
    exact = run(source, x)

    assert np.ptp(exact) > 0  # or all of this would say nothing
    assert operators(model) == expected
    np.testing.assert_allclose(run(form, x), exact, rtol=1e-4, atol=1e-5)
    assert run(path / "quantized.onnx", x).shape == exact.shape
    assert np.abs(run(path / "quantized.onnx", x) - exact).max() < 0.05 * np.abs(exact).max()


def then(op: str, *shape: int, first: bool = False) -> Callable[[Draft, str, str], str]:
    """An operator with a constant of this shape behind a value, or in front of it."""

    def add(draft: Draft, source: str, output: str) -> str:
        constant = draft.constant(f"{output}.c", (draft.random.random(shape) + 0.5).astype(np.float32))
        return draft.node(op, [constant, source] if first else [source, constant], output)

    return add


def then_batch_norm(draft: Draft, source: str, output: str) -> str:
    """A BatchNormalization of three channels behind a value."""
    return draft.batch_norm(source, output, 3)


def before_relu(draft: Draft, value: str, *followers: Callable[[Draft, str, str], str]) -> Draft:
    """The drafted layer, what follows it, and a Relu."""
    for index, follow in enumerate(followers):
        value = follow(draft, value, f"f{index}")
    draft.node("Relu", [value], "y")
    return draft


def images(*followers: Callable[[Draft, str, str], str]) -> Draft:
    """A Conv to three channels."""
    draft = Draft((2, 4, 4))
    return before_relu(
        draft, draft.node("Conv", ["x", draft.weights("w", 3, 2, 3, 3), draft.weights("b", 3)], "z"), *followers
    )


def signals(*followers: Callable[[Draft, str, str], str]) -> Draft:
    """A Conv along one axis to three channels."""
    draft = Draft((2, 8))
    return before_relu(draft, draft.node("Conv", ["x", draft.weights("w", 3, 2, 3)], "z"), *followers)


def vectors(*followers: Callable[[Draft, str, str], str]) -> Draft:
    """A Gemm with factors to three numbers."""
    draft = Draft((4,), seed=1)  # one whose results are not all negative
    names = [draft.weights("w", 4, 3), draft.weights("b", 3)]
    return before_relu(draft, draft.node("Gemm", ["x", *names], "z", alpha=0.5, beta=2.0), *followers)


def products(*followers: Callable[[Draft, str, str], str]) -> Draft:
    """A MatMul of vectors."""
    draft = Draft((4,))
    return before_relu(draft, draft.node("MatMul", ["x", draft.weights("w", 4, 3)], "z"), *followers)


def rows(*followers: Callable[[Draft, str, str], str]) -> Draft:
    """A MatMul of every row of a matrix."""
    draft = Draft((2, 4))
    return before_relu(draft, draft.node("MatMul", ["x", draft.weights("w", 4, 3)], "z"), *followers)
