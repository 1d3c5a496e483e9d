"""A manifest against what it states: what model.onnx and the Verilog decide is derived again and compared."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import onnx
import pytest

from rtl_tests.e2e.subjects import tiny_cnn
from shiftwright.build.manifest import Json, describe, dump
from shiftwright.build.prove_leaf import LeafProof
from shiftwright.build.prove_manifest import listed_files, stated_latency, wrong_statements
from shiftwright.errors import BuildError
from shiftwright.flow import Design, load

Place = tuple[str | int, ...]
# What no proof can decide: who wrote the folder, and estimates. Files are compared by their hashes.
UNDECIDED = {
    *("generator", "format", "version", "files"),
    *("solver", "levels_per_stage", "requantize_adders", "estimated_luts"),
}


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Design:
    """The tiny network, not written."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.onnx"
    onnx.save(tiny_cnn(), path)
    return load(path).compile(solver="csd")


@pytest.fixture(scope="module")
def manifest(design: Design) -> Json:
    """Its manifest, as read from a file."""
    network = design.model.network
    found: Json = json.loads(dump(describe(design.lowered, network.inputs[0], network.outputs[0], "hash", 0)))
    return found


def counts(design: Design) -> dict[str, LeafProof]:
    """What the proof of each leaf would count."""
    found = {}
    for layer in design.lowered.layers:
        if layer.engine is not None and layer.engine.graph is not None and layer.engine.leaf is not None:
            graph, latency = layer.engine.graph, layer.engine.leaf.latency
            found[layer.name] = LeafProof(graph.adders, graph.bits, graph.depth, latency, layer.engine.registers)
    return found


def wrong(manifest: Json, design: Design) -> list[str]:
    """What is wrong with a manifest of the design."""
    return wrong_statements(manifest, design.lowered, design.model.network, "hash", {}, counts(design))


def places(value: object, place: Place = ()) -> Iterator[tuple[Place, object]]:
    """Every number, text or null of a manifest, and where it stands."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*place, key))
    else:
        yield place, value


def with_value(manifest: Json, place: Place, *value: object) -> Json:
    """The manifest with one value in place of another, or with one taken away."""
    changed: Any = deepcopy(manifest)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    if value:
        inner[place[-1]] = value[0]
    else:
        del inner[place[-1]]
    assert isinstance(changed, dict)
    return changed


def others(value: object) -> Iterator[object]:
    """Values near another, and of other types."""
    if isinstance(value, bool):
        yield not value
        yield int(value)
    elif isinstance(value, int):
        yield from (value + 1, value - 1, float(value), str(value))
    elif isinstance(value, str):
        yield from (value + " ", value[:-1], None)
    else:
        yield from (0, "", [])


def test_a_manifest_as_compiled_is_right(manifest: Json, design: Design) -> None:
    """The one that all the faults below are put into."""
    assert wrong(manifest, design) == []


def test_every_statement_is_compared(manifest: Json, design: Design) -> None:
    """Any value changed, turned to another type or taken away is told, and only that one."""
    compared = [(place, value) for place, value in places(manifest) if not UNDECIDED & set(map(str, place))]
    assert len(compared) > 100
    for place, value in compared:
        name = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place)[1:]
        for changed in (*(with_value(manifest, place, other) for other in others(value)), with_value(manifest, place)):
            (told,) = wrong(changed, design)
            assert told.startswith((f"{name} is ", name[: name.rindex("[")] + " is " if "]" in name else name)), told
    undecided = [(place, value) for place, value in places(manifest) if UNDECIDED & set(map(str, place))]
    assert all(wrong(with_value(manifest, place, 1), design) == [] for place, _ in undecided)


def test_a_statement_of_an_unproved_leaf_is_left_open(manifest: Json, design: Design) -> None:
    """Nobody knows how many adders are in a text that cannot be read."""
    changed = with_value(manifest, ("layers", 0, "adders"), 1)
    only_the_second = {"MatMul_12": counts(design)["MatMul_12"]}

    assert wrong(changed, design) == ["layers[0].adders is 1, which should be 17"]
    assert wrong_statements(changed, design.lowered, design.model.network, "hash", {}, only_the_second) == []


@pytest.mark.parametrize(
    ("proof", "latency"),
    [
        pytest.param({"latency": 3}, 3, id="stated"),
        pytest.param({}, 1, id="missing"),
        pytest.param(None, 1, id="no proof"),
        pytest.param({"latency": "3"}, 1, id="text"),
        pytest.param({"latency": True}, 1, id="no number"),
        pytest.param({"latency": 0}, 1, id="none"),
        pytest.param({"latency": 10**9}, 1, id="years"),
    ],
)
def test_a_latency_that_cannot_be_is_not_taken(proof: object, latency: int) -> None:
    """The hardware around a leaf is built for it: a number from a file must not fill the memory."""
    assert stated_latency({"layers": [{"proof": proof}]}, 0, 1) == latency
    assert stated_latency({"layers": [{"proof": proof}]}, 1, 1) == 1
    assert stated_latency({"layers": proof}, 0, 1) == 1


def test_digits_may_pass_without_a_cycle() -> None:
    """A serial leaf's latency may be 0."""
    layers = {"layers": [{"proof": {"latency": 0}}, {"proof": {"latency": -1}}]}

    assert [stated_latency(layers, number, 0) for number in range(3)] == [0, 0, 0]
    assert stated_latency(layers, 0, 1) == 1


@pytest.mark.parametrize("files", [None, [], {"../outside": ""}, {"/etc/hosts": ""}, {"a\0b": ""}, {"a": 1}])
def test_a_list_of_files_that_leads_outside_is_refused(files: object) -> None:
    """Or that is no list of names and hashes."""
    with pytest.raises(BuildError, match=r"lists no files of this folder; compile the model again with --force"):
        listed_files(Path("build"), {"files": files})
