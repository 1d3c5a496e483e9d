"""Stages of hardware: each layer's front, engine and requantizer in a row, or a component of its own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from shiftwright.errors import HardwareError, RangeError
from shiftwright.ir.core import Graph, Value
from shiftwright.lower.choice import Folded, Serial
from shiftwright.lower.engine import Engine
from shiftwright.lower.folded import folded_engine
from shiftwright.lower.layer import Layer
from shiftwright.lower.parallel import parallel_engine
from shiftwright.lower.parts import Part, check_hardware, parts_of
from shiftwright.lower.plan import Plan
from shiftwright.lower.schedule import Timing, run
from shiftwright.lower.serial import SerialLayer, serial_engines, serial_layer
from shiftwright.ops.stage import Component, ComponentOperator, MatrixProduct, WindowOperator
from shiftwright.rtl.format import Format
from shiftwright.rtl.handshake import Handshake, chain
from shiftwright.rtl.leaf import Leaf, Pipeline
from shiftwright.rtl.lookup import TableLookup
from shiftwright.rtl.serial.engine import SerialEngine
from shiftwright.rtl.serial.leaf import SerialLeaf
from shiftwright.rtl.skid import Skid


@dataclass(frozen=True, eq=False)
class Stage:
    """Layers that share hardware, most often one: components in a row. `result` is what the link behind it carries."""

    layers: tuple[Layer, ...]
    result: Format
    components: tuple[Component, ...]

    @property
    def name(self) -> str:
        """That of the last layer."""
        return self.layers[-1].name

    @property
    def output(self) -> Value:
        """What leaves on the link."""
        return self.layers[-1].output

    @property
    def leaves(self) -> list[Leaf | SerialLeaf]:
        """Verilog modules that are files of their own."""
        return [
            leaf
            for component in self.components
            if isinstance(component, Pipeline | SerialEngine)
            for leaf in component.leaves
        ]

    @property
    def latencies(self) -> list[int]:
        """Each layer's part of the stage's latency, in cycles."""
        inner = [layer.engine.inner_latency for layer in self.layers[:-1] if layer.engine is not None]
        return [*inner, self.timing.latency - sum(inner)]

    def with_leaf(self, old: Leaf | SerialLeaf, new: Leaf | SerialLeaf) -> "Stage":
        """The same stage with one leaf of its engines in another's place."""
        components = [
            component.with_leaf(old, new)
            if isinstance(component, Pipeline | SerialEngine) and old in component.leaves
            else component
            for component in self.components
        ]
        layers = [
            replace(layer, engine=layer.engine.with_leaf(new)) if layer.engine and layer.engine.leaf is old else layer
            for layer in self.layers
        ]
        return replace(self, layers=tuple(layers), components=tuple(components))

    def handshake(self) -> Handshake:
        """The stage's timing model."""
        return chain([component.handshake() for component in self.components])

    @cached_property
    def timing(self) -> Timing:
        """Latency and interval of the stage alone, fed and drained without stalls."""
        return run([self.handshake()], self.output.positions)


def build_stages(
    graph: Graph, prefix: str, plan: Plan, progress: Callable[[str], None] = lambda step: None
) -> list[Stage]:
    """The stages of a graph that is one chain; HardwareError names the first node that has no hardware.

    `progress` hears each layer's name before it is solved."""
    check_hardware(graph)
    parts = parts_of(graph)
    with_engine = [part.name for part in parts if part.product is not None]
    plan.engines.check(with_engine, [part.name for part in parts if part.product is None])
    stages: list[Stage] = []
    while parts:
        progress(parts[0].name)
        choice = plan.engines.engine(parts[0].name)
        try:
            if isinstance(choice, Serial) and parts[0].product is not None:
                taken, stage = _serial_stage(parts, prefix, plan, choice, progress)
            elif isinstance(choice, Folded) and isinstance(parts[0].main.operator, WindowOperator):
                taken, stage = 1, _folded_stage(parts[0], prefix, plan, choice)
            else:
                taken, stage = 1, _stage(parts[0], prefix, plan)
        except (RangeError, HardwareError) as error:
            raise HardwareError(f"{parts[0].name} ({parts[0].main.origin}): {error}") from error
        stages.append(stage)
        parts = parts[taken:]
    return stages


def _stage(part: Part, prefix: str, plan: Plan) -> Stage:
    """A stage of one layer: a component, or a parallel engine."""
    operator, engine = part.main.operator, None
    components: list[Component]
    if isinstance(operator, ComponentOperator):
        components = operator.components(part.source, part.link, Format.of(part.result))
        components.append(Skid(Format.of(part.result).bits))
    else:
        ones = np.eye(part.source.channels, dtype=np.int64)
        words = part.product or MatrixProduct(ones, (0,) * part.source.channels, part.source.interval)
        engine, made = parallel_engine(f"{prefix}_{part.name}", words, part.tails, part.result, plan)
        components = [*part.ahead(), *part.front(), *made]
    return _whole(part, engine, components)


def _folded_stage(part: Part, prefix: str, plan: Plan, choice: Folded) -> Stage:
    """A stage of one layer whose fetch takes the place of a window or collector.

    Codes that stand for powers of two are fetched as they are, if one of them is the padding; other tables come before
    the fetch."""
    operator = part.main.operator
    assert isinstance(operator, WindowOperator)
    product = operator.window_product(part.source)
    table = part.lookup.table if part.lookup is not None else None
    by_code = table is not None and _are_powers(table) and product.outside.issubset(table)
    engine, components = folded_engine(
        f"{prefix}_{part.name}",
        product,
        part.tails,
        part.link if by_code else part.words,
        part.result,
        plan,
        choice,
        table if by_code else None,
    )
    return _whole(part, engine, components if by_code else [*part.ahead(), *components])


def _are_powers(numbers: Iterable[int]) -> bool:
    return all(not number & number - 1 for number in map(abs, numbers))


def _whole(part: Part, engine: Engine | None, components: list[Component]) -> Stage:
    """The stage of one layer; its tables' LUTs are its engine's."""
    if engine is not None:
        tables = sum(component.luts for component in components if isinstance(component, TableLookup))
        engine = replace(engine, luts=engine.luts + tables)
    return Stage((_layer(part, engine),), Format.of(part.result), tuple(components))


def _layer(part: Part, engine: Engine | None) -> Layer:
    return Layer(part.name, part.nodes, part.main, part.nodes[-1].output, engine)


def _serial_stage(
    parts: list[Part], prefix: str, plan: Plan, choice: Serial, progress: Callable[[str], None]
) -> tuple[int, Stage]:
    """The stage that begins with parts[0], and how many parts it takes.

    A layer joins the one before where nothing must gather its words, and where the codes between them are made of
    digits."""
    layers: list[SerialLayer] = []
    for part in parts:
        if layers and (part.product is None or part.lookup or part.front() or plan.engines.engine(part.name) != choice):
            break
        assert part.product is not None
        if layers:
            progress(part.name)
        layers.append(serial_layer(f"{prefix}_{part.name}", part.product, part.tails, plan))
        if layers[-1].clamps is None:
            break
    taken = parts[: len(layers)]
    engines, components = serial_engines(layers, taken[-1].result, plan, choice.digit)
    whole = tuple(_layer(part, engine) for part, engine in zip(taken, engines, strict=True))
    return len(taken), Stage(whole, Format.of(taken[-1].result), (*taken[0].ahead(), *taken[0].front(), *components))
