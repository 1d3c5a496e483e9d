"""The folded engine of a layer as Verilog, and plain engines of the same shape beside it.

A dense layer's position comes as a whole, so that multiplexers in front give it in chunks; windows come in chunks. The
results of a position are gathered behind. The core is the engine between the two."""

from benchmarks.engines_built import Built, interval, joined
from benchmarks.engines_layers import Layer, product
from shiftwright.ops.stage import Component
from shiftwright.rtl.chunks import Chunks
from shiftwright.rtl.collect import Collect
from shiftwright.rtl.folded.engine import FoldedEngine
from shiftwright.rtl.format import Format, Lane

AIM = 150.0  # MHz


def folded(
    layer: Layer,
    system: str,
    pe: int,
    simd: int,
    kind: type[FoldedEngine] = FoldedEngine,
    options: tuple[str, ...] = (),
) -> Built:
    """An engine of pe × simd lanes of a kind; `options` are Yosys'."""
    wanted = product(layer, system)
    lo, hi = wanted.words.pairs()[0]
    word = Lane.spanning(lo, hi)
    engine = kind(wanted.matrix, wanted.constants, word, lo, hi, pe, simd)
    parts: list[Component] = [engine, Collect(engine.codes.runs, engine.results.bits)]
    if not layer.window:
        link = Format((word,) * layer.inputs)
        parts.insert(0, Chunks(link, word, simd, repeats=engine.codes.runs))
    return Built(joined(parts, AIM, options), interval(parts), joined([engine], AIM, options))
