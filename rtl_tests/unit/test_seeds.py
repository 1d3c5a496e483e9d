"""The seeded digits networks: all there, small, as accurate as their README says, and fed with the right images."""

import re
import statistics
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from models import seeds
from models.digits import CALIBRATION, HELD_BACK, write_files
from shiftwright.errors import QuantizeError

EVERY_NETWORK = pytest.mark.parametrize("network", seeds.networks())
ROW = re.compile(r"^\| (\w+) \| ([\d.]+) ± ([\d.]+) \| ([\d., ]+) \|$", re.MULTILINE)


@cache
def accuracies(network: str) -> tuple[float, ...]:
    """Per cent right of the held-back images, a seed each."""
    _, test = seeds.data(network)
    found = []
    for seed in seeds.seeds(network):
        (logits,) = onnxruntime.InferenceSession(seeds.path(network, seed)).run(None, {"x": test["x"]})
        found.append(float(100 * (logits.argmax(axis=1) == test["labels"]).mean()))
    return tuple(found)


def published() -> dict[str, tuple[str, str, str]]:
    """The README's table: network, and mean, deviation and single accuracies as they are printed."""
    text = (seeds.FOLDER / "README.md").read_text(encoding="utf-8")
    return {name: (mean, deviation, each) for name, mean, deviation, each in ROW.findall(text)}


def test_the_folder_holds_one_file_a_network_and_seed() -> None:
    """Nothing is missing, and no file lies there that the loader does not know."""
    known = {seeds.path(network, seed) for network in seeds.networks() for seed in seeds.seeds(network)}

    assert known == set(seeds.FOLDER.glob("*.onnx"))


def test_all_files_together_are_small() -> None:
    """A checkout carries them for ever."""
    assert sum(file.stat().st_size for file in seeds.FOLDER.glob("*.onnx")) < 900_000


@EVERY_NETWORK
def test_seeds_give_different_networks(network: str) -> None:
    """A mean over seeds is one over as many sets of weights, in every tensor of more than one axis."""
    models = [onnx.load(seeds.path(network, seed)) for seed in seeds.seeds(network)]
    tensors = [
        (tensor.name, tensor.raw_data) for model in models for tensor in model.graph.initializer if len(tensor.dims) > 1
    ]

    assert len(tensors) == len(set(tensors))


@pytest.mark.parametrize(("network", "widths"), seeds.MLPS.items(), ids=list(seeds.MLPS))
def test_an_mlp_has_the_widths_in_its_name(network: str, widths: tuple[int, ...]) -> None:
    """Weight matrices (outputs, inputs), from the pixels to the logits."""
    found = [tuple(tensor.dims) for tensor in onnx.load(seeds.path(network, 0)).graph.initializer]

    assert network == "_".join(["mlp", *map(str, widths)])
    assert [(outputs, inputs) for inputs, outputs in pairwise(widths)] == [dims for dims in found if len(dims) == 2]


def test_the_cnn_is_the_digits_cnn() -> None:
    """The same nodes, and tensors of the same names and sizes."""
    single, seeded = (
        onnx.load(file).graph
        for file in (seeds.FOLDER.with_name("digits_cnn") / "digits_cnn.onnx", seeds.path("cnn", 0))
    )

    assert list(single.node) == list(seeded.node)
    assert [(tensor.name, list(tensor.dims)) for tensor in single.initializer] == [
        (tensor.name, list(tensor.dims)) for tensor in seeded.initializer
    ]


@EVERY_NETWORK
def test_the_readme_states_the_accuracies(network: str) -> None:
    """Mean, standard deviation and each seed's accuracy, to the last digit printed."""
    found = accuracies(network)
    mean, deviation = f"{statistics.mean(found):.1f}", f"{statistics.stdev(found):.1f}"

    assert (mean, deviation, ", ".join(f"{one:.1f}" for one in found)) == published()[network]


def test_the_readme_lists_the_networks() -> None:
    """All of them, in the loader's order."""
    assert tuple(published()) == seeds.networks()


@EVERY_NETWORK
def test_the_images_are_those_that_the_scripts_write(network: str, tmp_path: Path) -> None:
    """A figure measured here and one measured from the command line are about the same images."""
    write_files(tmp_path)
    kind = "cnn" if network == "cnn" else "mlp"

    for part, images in zip(("calibration", "test"), seeds.data(network), strict=True):
        written = dict(np.load(tmp_path / f"{kind}_{part}.npz"))
        assert set(written) == set(images)
        assert all(np.array_equal(written[name], images[name]) for name in written)
        assert {name: array.dtype for name, array in written.items()} == {"x": np.float32, "labels": np.int64}


@EVERY_NETWORK
def test_calibration_sees_no_test_image(network: str) -> None:
    """What a quantizer is tuned on is not what it is measured on; the sizes are the promised ones."""
    calibration, test = ([image.tobytes() for image in images["x"]] for images in seeds.data(network))

    assert (CALIBRATION, HELD_BACK) == (len(calibration), len(test))
    assert not set(calibration) & set(test)


@pytest.mark.parametrize(
    ("network", "seed", "message"),
    [
        pytest.param("mlp_64_10", 0, "there is no network 'mlp_64_10'; take one of mlp_64_16_10, ", id="network"),
        pytest.param("cnn", 5, "cnn: no network was trained from seed 5; take one of [0, 1, 2, 3, 4]", id="seed"),
    ],
)
def test_what_was_not_trained_is_refused(network: str, seed: int, message: str) -> None:
    """The message names what there is."""
    with pytest.raises(QuantizeError, match=re.escape(message)):
        seeds.path(network, seed)
