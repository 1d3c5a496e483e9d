"""What a build folder's manifest states, against what model.onnx and the Verilog say of the same things."""

import json
from collections.abc import Iterator, Mapping
from glob import escape
from pathlib import Path
from typing import Any

from shiftwright.build import manifest as manifests
from shiftwright.build.folder import count_multipliers
from shiftwright.build.prove_leaf import LeafProof
from shiftwright.errors import BuildError, HardwareError
from shiftwright.frontend.convert import Network
from shiftwright.lower.choice import PARALLEL, Choices, parse_engine
from shiftwright.lower.design import Lowered

LONGEST = 1 << 12  # cycles of a leaf
# What is decided by model.onnx and the Verilog. The rest is versions, estimates, and hashes, which are compared apart.
DECIDED = ("name", "model", "input", "output", "timing", "multipliers", "links")
DECIDED_OF_LAYERS = (
    "name",
    "origin",
    "does",
    "shape",
    "engine",
    "fold",
    "cycles",
    "numbers",
    "latency",
    "interval",
    "proof",
)
COUNTED = ("adders", "bits", "registers")  # of a layer, in its leaf's text
SHOWN = 60  # characters of a value in a message


def listed_files(folder: Path, manifest: Mapping[str, Any]) -> dict[str, str]:
    """The files that the manifest lists, and their hashes; BuildError where it has no such list."""
    listed = manifest.get("files")
    if not isinstance(listed, dict) or not all(_inside(name) and isinstance(listed[name], str) for name in listed):
        raise BuildError(
            f"{folder / manifests.NAME} lists no files of this folder; compile the model again with --force"
        )
    return listed


def stated_latency(manifest: Mapping[str, Any], layer: int, least: int) -> int:
    """The latency that the manifest states for a layer's adder leaf; `least` where it states none that can be."""
    try:
        latency = manifest["layers"][layer]["proof"]["latency"]
    except (KeyError, IndexError, TypeError):
        return least
    return latency if type(latency) is int and least <= latency <= LONGEST else least


def stated_engines(manifest: Mapping[str, Any]) -> Choices:
    """The engine that the manifest states for each layer; BuildError where it states one that does not exist."""
    rules = []
    try:
        for layer in manifest["layers"]:
            if layer["engine"] not in ("component", PARALLEL.kind):
                fold = f":{layer['fold']}" if layer.get("fold") else ""
                rules.append((escape(layer["name"]), parse_engine(f"{layer['engine']}{fold}")))
    except (KeyError, TypeError, HardwareError) as error:
        raise BuildError(
            f"{manifests.NAME} names no engine for each layer ({error}); compile the model again with --force"
        ) from None
    return Choices(tuple(rules))


def wrong_statements(
    manifest: manifests.Json,
    design: Lowered,
    network: Network,
    model: str,
    rtl: Mapping[str, str],
    counts: Mapping[str, LeafProof],
) -> list[str]:
    """Where the manifest contradicts the design, one line each.

    `model` is the hash of model.onnx, `counts` what was found in each layer whose leaf is proved."""
    described = manifests.describe(
        design, network.inputs[0], network.outputs[0], model, count_multipliers(rtl.values())
    )
    fresh = json.loads(manifests.dump(described))
    wanted = {key: fresh[key] for key in DECIDED}
    wanted["layers"] = [
        {key: layer[key] for key in DECIDED_OF_LAYERS} | _counted(layer, counts) for layer in fresh["layers"]
    ]
    wanted["proofs"] = {key: fresh["proofs"][key] for key in ("adder_graphs", "weight_memories", "statement")}
    if all("adders" in layer for layer in wanted["layers"]):
        wanted["proofs"]["adders"] = sum(found.adders for found in counts.values())
    return [
        f"{place} is {have[:SHOWN]}, which should be {json.dumps(want, ensure_ascii=False)[:SHOWN]}"
        for place, have, want in _differences(manifest, wanted)
    ]


def _counted(layer: Mapping[str, Any], counts: Mapping[str, LeafProof]) -> dict[str, int]:
    """What a layer's leaf holds; of an unproved one nobody can say. Without a leaf the engine's fold decides."""
    if not layer["proof"] or layer["proof"]["leaf"] is None:
        return {key: layer[key] for key in COUNTED}
    found = counts.get(layer["name"])
    return {} if found is None else {key: getattr(found, key) for key in COUNTED}


def _differences(have: object, want: object, place: str = "") -> Iterator[tuple[str, str, object]]:
    """(place, what is there as JSON, what should be) wherever `have` lacks or contradicts what `want` holds."""
    if isinstance(want, dict) and isinstance(have, dict):
        for key, value in want.items():
            inner = f"{place}.{key}" if place else key
            if key in have:
                yield from _differences(have[key], value, inner)
            else:
                yield inner, "missing", value
    elif isinstance(want, list) and isinstance(have, list) and len(have) == len(want):
        for number, (one, other) in enumerate(zip(have, want, strict=True)):
            yield from _differences(one, other, f"{place}[{number}]")
    elif type(have) is not type(want) or have != want:
        yield place, json.dumps(have, ensure_ascii=False), want


def _inside(name: str) -> bool:
    return not Path(name).is_absolute() and ".." not in Path(name).parts and "\0" not in name
