"""manifest.json: everything a host, a bench or a colleague must know of a design, and the hashes of its files."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from shiftwright import __version__
from shiftwright.build.prove_statement import stated
from shiftwright.errors import BuildError
from shiftwright.ir.edges import InputEdge, OutputEdge
from shiftwright.ir.meaning import Layout
from shiftwright.lower.design import Lowered
from shiftwright.lower.layer import Layer
from shiftwright.lower.stages import Stage
from shiftwright.rtl.format import Format

GENERATOR = "shiftwright"
FORMAT = 1
NAME = "manifest.json"
Json = dict[str, Any]


def describe(design: Lowered, source: InputEdge, target: OutputEdge, model: str, multipliers: int) -> Json:
    """The manifest but for the files' hashes; `model` is the hash of the ONNX file as compiled."""
    timing = design.timing
    return {
        "generator": GENERATOR,
        "format": FORMAT,
        "version": __version__,
        "model": model,
        "name": design.name,
        "input": _input(design, source),
        "output": _output(design, target),
        "timing": {"latency": timing.latency, "interval": timing.interval},
        "multipliers": multipliers,
        "solver": design.plan.as_dict(),
        "layers": [
            _layer(layer, latency, stage.timing.interval)
            for stage in design.stages
            for layer, latency in zip(stage.layers, stage.latencies, strict=True)
        ],
        "links": [_link(stage, first) for stage, first in zip(design.stages, timing.first, strict=True)],
        "proofs": {
            "adder_graphs": sum(_has_graph(layer) for layer in design.layers),
            "weight_memories": sum(_has_memory(layer) for layer in design.layers),
            "adders": sum(layer.engine.adders for layer in design.layers if layer.engine and _has_graph(layer)),
            "statement": "each graph and each memory equals its matrix for all inputs, no width overflows, "
            "all rounding is exact",
        },
    }


def _input(design: Lowered, edge: InputEdge) -> Json:
    return _edge(edge.name, edge.dtype, edge.layout, edge.value.positions, edge.value.channels, design.source.lanes) | {
        "scale": None if edge.scale is None else str(edge.scale),
        "zero_point": edge.zero_point,
        "lo": edge.lo,
        "hi": edge.hi,
    }


def _output(design: Lowered, edge: OutputEdge) -> Json:
    return _edge(edge.name, edge.dtype, edge.layout, edge.value.positions, edge.value.channels, design.sink.lanes) | {
        "meaning": "codes" if edge.scale is None else "scale·word + offset, a lane each",
        "scale": None if edge.scale is None else [str(number) for number in edge.scale],
        "offset": [str(number) for number in edge.offset],
    }


def _edge(name: str, dtype: str, layout: Layout, positions: int, lanes: int, words: Format) -> Json:
    natural = layout.same_as(Layout.natural(layout.shape))
    return {
        "name": name,
        "dtype": dtype,
        "shape": list(layout.shape),
        "positions": positions,
        "lanes": lanes,
        "container": container(words),
        "packing": "one position a beat, lane 0 in the lowest bits, each lane in its own little-endian container",
        "stream": "row, column, channel" if len(layout.shape) == 3 else "as in the file",
        "order": None if natural else layout.order.tolist(),
    }


def container(words: Format) -> str:
    """The numpy type of one lane in tdata."""
    bits = next(bits for bits in (8, 16, 32, 64) if bits >= max(lane.width for lane in words.lanes))
    return f"int{bits}" if any(lane.signed for lane in words.lanes) else f"uint{bits}"


def _layer(layer: Layer, latency: int, interval: int) -> Json:
    engine = layer.engine
    return {
        "name": layer.name,
        "origin": layer.nodes[-1].origin,
        "does": layer.does,
        "shape": list(layer.output.shape),
        "engine": "component" if engine is None else engine.kind,
        "fold": None if engine is None else engine.fold or None,
        "cycles": 1 if engine is None else engine.cycles,
        "numbers": layer.numbers,
        "adders": 0 if engine is None else engine.adders,
        "bits": 0 if engine is None else engine.bits,
        "registers": 0 if engine is None else engine.registers,
        "levels_per_stage": None if engine is None else engine.levels,
        "requantize_adders": 0 if engine is None else engine.requantize_adders,
        "estimated_luts": 0 if engine is None else engine.luts,
        "latency": latency,
        "interval": interval,
        "proof": _proof(layer) if _has_graph(layer) or _has_memory(layer) else None,
    }


def _has_graph(layer: Layer) -> bool:
    return layer.engine is not None and layer.engine.leaf is not None


def _has_memory(layer: Layer) -> bool:
    return layer.engine is not None and layer.engine.kind == "folded"


def _proof(layer: Layer) -> Json:
    """What lowering has proved of a layer's engine; `shiftwright prove` proves it again from the Verilog.

    A folded engine is no file of its own, and has no leaf."""
    assert layer.engine is not None
    leaf, wanted = layer.engine.leaf, stated(layer)
    return {
        "result": "proved",
        "leaf": None if leaf is None else f"rtl/{leaf.name}.v",
        "latency": None if leaf is None else leaf.latency,
        "inputs": wanted.lanes,
        "coefficients": wanted.digest,
    }


def _link(stage: Stage, first: int) -> Json:
    return {
        "name": stage.name,
        "value": stage.output.name,
        "valid": f"link_{stage.name}_valid",
        "ready": f"link_{stage.name}_ready",
        "payload": f"link_{stage.name}_payload",
        "positions": stage.output.positions,
        "lanes": [[lane.width, lane.signed] for lane in stage.result.lanes],
        "vectors": f"vectors/links/{stage.name}.npy",
        "first": first,
    }


def hash_bytes(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def dump(manifest: Mapping[str, Any]) -> str:
    """The file's text."""
    return json.dumps(manifest, indent=1, ensure_ascii=False, default=_plain) + "\n"


def read(folder: Path) -> Json:
    """The manifest of a build folder; BuildError if it is none that this version reads."""
    path = folder / NAME
    try:
        if not folder.is_dir():
            raise BuildError(f"{folder} is not a folder; name one that `shiftwright compile` wrote")
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BuildError(f"{folder} holds no {NAME}; name a folder that `shiftwright compile` wrote") from None
    except OSError as error:
        raise BuildError(f"{folder} cannot be read ({error.strerror}); name another folder") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BuildError(f"{path} is damaged ({error}); compile the model again with --force") from error
    if not isinstance(manifest, dict) or manifest.get("generator") != GENERATOR:
        raise BuildError(f"{path} was not written by Shiftwright; name a folder that `shiftwright compile` wrote")
    if manifest.get("format") != FORMAT:
        raise BuildError(
            f"{path} has format {manifest.get('format')}; this version reads {FORMAT}, compile the model again"
        )
    return manifest


def _plain(number: object) -> object:
    if isinstance(number, np.integer):
        return int(number)
    raise TypeError(f"{type(number).__name__} in a manifest")
