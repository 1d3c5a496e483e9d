"""How much the digits cost, a small network trained by scikit-learn; and of which output an accuracy is told."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from rtl_tests.unit.quantize_networks import Draft, digits, digits_mlp, frames, run
from shiftwright import quantize
from shiftwright.quantize import Report, Settings


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same network from three seeds."""
    folder = tmp_path_factory.mktemp("digits")
    return [digits_mlp(folder / f"mlp{seed}.onnx", seed) for seed in range(3)]


def held_back_accuracy(path: Path) -> float:
    """Share of the 360 images the network never saw."""
    _, _, images, labels = digits()
    return float((run(path, images).argmax(axis=1) == labels).mean())


def losses(networks: list[Path], **settings: object) -> list[float]:
    """Points of accuracy lost to quantization, a network each."""
    images, labels, _, _ = digits()
    lost = []
    for source in networks:
        target = source.with_suffix(".q.onnx")
        quantize.quantize(source, {"x": images, "labels": labels}, Settings(**settings), target)  # type: ignore[arg-type]
        lost.append(100 * (held_back_accuracy(source) - held_back_accuracy(target)))
    return lost


@pytest.mark.parametrize("activation_bits", [6, 8])
def test_four_bit_powers_of_two_stay_within_two_points(networks: list[Path], activation_bits: int) -> None:
    """Each of the networks, with the default correction."""
    assert max(losses(networks, weights="pot", weight_bits=4, activation_bits=activation_bits)) <= 2


def test_eight_bits_cost_nearly_nothing(networks: list[Path]) -> None:
    """Uniform weights and activations of eight bits: within two images of 360."""
    assert max(map(abs, losses(networks, weights="uniform", weight_bits=8, activation_bits=8))) < 0.6


def test_each_correction_helps_ternary_weights(networks: list[Path]) -> None:
    """Biases regain more than eight points, moved weights more than one on top, in the mean."""
    none, bias, both = (
        float(np.mean(losses(networks, weights="ternary", correct=correction)))
        for correction in ("none", "bias", "bias,hessian")
    )

    assert none - bias >= 8
    assert bias - both >= 1


def test_labels_give_accuracies(networks: list[Path], tmp_path: Path) -> None:
    """The report's figures are those of onnxruntime on the files."""
    images, labels, _, _ = digits()
    report = quantize.quantize(networks[0], {"x": images, "labels": labels}, Settings(), tmp_path / "q.onnx")

    assert report.accuracy_float == float((run(networks[0], images).argmax(axis=1) == labels).mean())
    assert report.accuracy_quantized == float((run(tmp_path / "q.onnx", images).argmax(axis=1) == labels).mean())


def test_the_data_may_be_a_file(networks: list[Path], tmp_path: Path) -> None:
    """The path of an .npz gives the same bytes as its arrays; the samples used are at most those asked for."""
    images, _, _, _ = digits()
    np.savez(tmp_path / "data.npz", x=images)
    settings = Settings(samples=100)
    quantize.quantize(networks[0], {"x": images}, settings, tmp_path / "a.onnx")
    report = quantize.quantize(networks[0], tmp_path / "data.npz", settings, tmp_path / "b.onnx")

    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    assert report.samples == 100


def branching() -> Draft:
    """Four channels of features `f`, their mean `g` and its two copies, class scores `y` and `z`, one number `one`."""
    draft = Draft((2, 4, 4))
    draft.node("Conv", ["x", draft.weights("w0", 4, 2, 3, 3)], "c", pads=[1, 1, 1, 1])
    draft.node("Relu", ["c"], "f")
    draft.node("GlobalAveragePool", ["f"], "g")
    draft.node("Flatten", ["g"], "flat")
    evenly = draft.constant("b1", np.array([0.22, -1.6, -0.1], np.float32))  # so that each class is chosen now and then
    draft.node("Gemm", ["flat", draft.weights("w1", 4, 3), evenly], "y")
    draft.node("Gemm", ["flat", draft.weights("w2", 4, 5)], "z")
    draft.node("Gemm", ["flat", draft.weights("w3", 4, 1)], "one")
    return draft


def told(folder: Path, outputs: list[str], count: int = 20, batch: int | str = "n", samples: int = 1024) -> Report:
    """The report for `branching` with these outputs, three classes, and labels that are `y`'s own choice."""
    draft = branching()
    model = onnx.load(draft.save(folder / "m.onnx", batch=batch))
    x = frames(draft, count)
    del model.graph.output[:]
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs
    )
    (folder / "m.onnx").write_bytes(model.SerializeToString())
    labels = run(branching().save(folder / "free.onnx"), x).argmax(axis=1)
    assert len(set(labels[:5])) > 1
    settings = Settings(weights="uniform", weight_bits=8, activation_bits=8, samples=samples)
    return quantize.quantize(folder / "m.onnx", {"x": x, "labels": labels}, settings, folder / "q.onnx")


@pytest.mark.parametrize(
    "outputs",
    [
        pytest.param(["y"], id="alone"),
        pytest.param(["f", "y"], id="behind-features"),
        pytest.param(["y", "one"], id="before-a-number"),
        pytest.param(["g", "y"], id="beside-a-mean-by-channel"),
    ],
)
def test_accuracy_is_that_of_the_class_scores(outputs: list[str], tmp_path: Path) -> None:
    """Wherever they stand among the outputs."""
    report = told(tmp_path, outputs)

    assert report.accuracy_float == 1
    assert report.accuracy_quantized is not None and report.accuracy_quantized >= 0.8
    assert not [warning for warning in report.warnings if "accuracy" in warning]


def test_scores_may_have_axes_of_size_one_behind(tmp_path: Path) -> None:
    """Of a network that ends in a pool over the whole image."""
    report = told(tmp_path, ["g"])

    assert report.accuracy_float is not None and report.accuracy_quantized is not None
    assert abs(report.accuracy_float - report.accuracy_quantized) <= 0.2


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        pytest.param(
            ["one"], "it takes an output of n×classes, two classes or more, but 'one' has n×1", id="a-single-number"
        ),
        pytest.param(
            ["f"], "it takes an output of n×classes, two classes or more, but 'f' has n×4×4×4", id="features-alone"
        ),
        pytest.param(["y", "z"], "outputs 'y' and 'z' might each be the classes' scores; keep one of them", id="two"),
    ],
)
def test_without_class_scores_there_is_no_accuracy_but_a_note(outputs: list[str], reason: str, tmp_path: Path) -> None:
    """A figure of another output would be worse than none."""
    report = told(tmp_path, outputs)

    assert (report.accuracy_float, report.accuracy_quantized) == (None, None)
    assert f"accuracy is not given: {reason}" in report.warnings


@pytest.mark.parametrize(
    ("count", "batch", "samples", "used"),
    [
        pytest.param(20, 7, 1024, 14, id="two-whole-batches"),
        pytest.param(20, 7, 10, 7, id="one-whole-batch"),
        pytest.param(20, 7, 5, 5, id="fewer-than-a-batch"),
        pytest.param(5, 7, 1024, 5, id="not-one-batch"),
        pytest.param(20, 1, 1024, 20, id="batches-of-one"),
        pytest.param(20, "n", 12, 12, id="any-batch"),
    ],
)
def test_the_report_counts_the_samples_used(
    count: int, batch: int | str, samples: int, used: int, tmp_path: Path
) -> None:
    """A fixed batch has room for so many; the labels stay with their samples where some come again to fill one."""
    report = told(tmp_path, ["y"], count, batch, samples)

    assert report.samples == used
    assert report.accuracy_float == 1


def test_an_input_called_labels_is_no_label(tmp_path: Path) -> None:
    """There is no other key for them, which a note says."""
    draft = branching()
    model = onnx.load(draft.save(tmp_path / "m.onnx"))
    model.graph.input[0].name = "labels"
    model.graph.node[0].input[0] = "labels"
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    report = quantize.quantize(tmp_path / "m.onnx", {"labels": frames(draft)}, Settings(), tmp_path / "q.onnx")

    assert report.accuracy_float is None
    assert "accuracy is not given: the key 'labels' is that of the model's input" in report.warnings
