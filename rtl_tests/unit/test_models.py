"""The committed networks: what their README files say of the files, and of the data that they were trained on."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from models.digits import SHAPES, split, write_files

MODELS = Path(__file__).parents[2] / "models"
FLOAT_ACCURACY = {"mlp": 97.0, "cnn": 98.0}


def model_path(name: str) -> Path:
    """Where a digits network lies."""
    return MODELS / f"digits_{name}" / f"digits_{name}.onnx"


def test_no_image_is_both_trained_on_and_held_back() -> None:
    """An accuracy on held-back images means something only if training never saw them."""
    train, held_back = split()

    assert len(held_back.x) == 360
    assert not {image.tobytes() for image in train.x} & {image.tobytes() for image in held_back.x}


@pytest.mark.parametrize("name", SHAPES)
def test_a_model_is_at_least_as_accurate_as_promised(name: str, tmp_path: Path) -> None:
    """Float accuracy on all held-back images, on the very file that the script writes for users."""
    write_files(tmp_path)
    held_back = np.load(tmp_path / f"{name}_test.npz")
    session = onnxruntime.InferenceSession(model_path(name))

    (logits,) = session.run(None, {"x": held_back["x"]})

    assert 100 * (logits.argmax(axis=1) == held_back["labels"]).mean() >= FLOAT_ACCURACY[name]


@pytest.mark.parametrize("name", SHAPES)
def test_a_model_takes_any_batch_of_one_image_size(name: str) -> None:
    """The first dimension is symbolic, the others are numbers, as a hardware compiler needs them."""
    (source,) = onnx.load(model_path(name)).graph.input
    batch, *image = source.type.tensor_type.shape.dim

    assert source.name == "x"
    assert batch.dim_param == "batch"
    assert tuple(dimension.dim_value for dimension in image) == SHAPES[name]


@pytest.mark.parametrize("name", SHAPES)
def test_a_model_is_one_small_file(name: str) -> None:
    """No external data, nothing that an exporter noted about its machine."""
    model = onnx.load(model_path(name), load_external_data=False)

    assert model_path(name).stat().st_size < 100_000
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    assert not any([model.metadata_props, *(node.metadata_props for node in model.graph.node)])
