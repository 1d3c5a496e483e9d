"""The pipeline, read from top to bottom: a file becomes an integer graph, a design, a build folder, a simulation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from shiftwright.arith.cmvm.compiling import NOTE, waits_for_compiler
from shiftwright.arith.cmvm.settings import SolverSettings
from shiftwright.build.folder import write_folder
from shiftwright.build.manifest import Json, read
from shiftwright.build.module_name import checked_module_name, module_name_of
from shiftwright.build.proofs import FolderProof
from shiftwright.build.prove_core import prove_core
from shiftwright.build.prove_folder import prove_folder
from shiftwright.errors import ImportModelError, ShiftwrightError, SimulationError
from shiftwright.frontend.convert import Network, import_network
from shiftwright.frontend.reference import Comparison, compare, portable_bytes
from shiftwright.ir.show import show
from shiftwright.lower.choice import Choices
from shiftwright.lower.design import Lowered, lower
from shiftwright.lower.parts import check_hardware
from shiftwright.lower.plan import Plan
from shiftwright.sim.verification import Verification, simulate

CHUNK_WORDS = 1 << 18  # of the widest layer: 2 MB of int64
OWN_FRAMES = 16
RANDOM_FRAMES = 64
FEWEST_FRAMES = 3
UNASKED_CYCLES = 200_000  # of frames that nobody has asked for
Arrays = NDArray[np.generic] | Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Model:
    """A quantized network as integers."""

    network: Network

    def golden(self, x: Arrays) -> NDArray[np.generic] | list[NDArray[np.generic]]:
        """What the file means, exactly: takes what onnxruntime takes (batch first; a dict if there are several inputs).

        Returns the output's array (a list if there are several): float32 where it is real, codes where integer."""
        integers = self._integers(x, [edge.value.name for edge in self.network.outputs])
        found = [edge.decode(integers[edge.value.name]) for edge in self.network.outputs]
        return found[0] if len(found) == 1 else found

    def golden_integers(self, x: Arrays) -> dict[str, NDArray[np.int64]]:
        """The integers of every layer by name, each (batch, *stream shape): row, column, channel."""
        return self._integers(x, [value.name for value in self.network.graph.values])

    def trace(self, x: Arrays) -> list[Comparison]:
        """Every layer's integers beside what onnxruntime makes of the same inputs to that layer."""
        feeds = self._feeds(x)
        return compare(self.network, feeds, self.golden_integers(feeds))

    def random_input(self, frames: int, seed: int = 0) -> dict[str, NDArray[np.generic]]:
        """Seeded random arrays that reach every code of every input."""
        random = np.random.default_rng(seed)
        found: dict[str, NDArray[np.generic]] = {}
        for edge in self.network.inputs:
            codes = random.integers(edge.lo, edge.hi, size=(frames, *edge.layout.shape), endpoint=True)
            if edge.scale is None:
                found[edge.name] = codes.astype(edge.dtype)
            else:
                found[edge.name] = ((codes - edge.zero_point) * float(edge.scale)).astype(np.float32)
        return found

    def compile(
        self,
        name: str | None = None,
        levels_per_stage: int | None = None,
        *,
        solver: str = "cse",
        effort: str | float = "normal",
        depth_limit: int | None = 0,
        family: str = "generic",
        seed: int = 0,
        clock: float | None = None,
        engines: Sequence[str] = (),
        progress: Callable[[str], None] = lambda step: None,
    ) -> "Design":
        """The network as hardware; HardwareError names a node that has none yet.

        `name` is the top module's, by default the file's; a register follows every `levels_per_stage` adder levels.
        Without that number it is one, or on a family of FPGAs as many as a `clock` in MHz allows. `engines` are
        texts such as `conv*=serial:d=1`, layer names and their engine, of which the last that fits counts. The other
        options are those of `SolverSettings`; `progress` hears what is being worked on."""
        top = module_name_of(self.network.path) if name is None else checked_module_name(name)
        settings = SolverSettings(solver, effort, depth_limit, family, seed)
        plan = Plan(settings, levels_per_stage, clock, Choices.parse(engines))
        if waits_for_compiler(settings):
            progress(NOTE)
        return Design(self, lower(self.network.graph, top, plan, progress))

    def __str__(self) -> str:
        return show(self.network.graph)

    def __repr__(self) -> str:
        return f"<Model {self.network.path.name}: {len(self.network.graph.nodes)} integer operators>"

    def _integers(self, x: Arrays, names: Sequence[str]) -> dict[str, NDArray[np.int64]]:
        """The named values, a part of the frames at a time: as many as keep a layer in the cache."""
        graph, feeds = self.network.graph, self._feeds(x)
        codes = {edge.value.name: edge.encode(feeds[edge.name]) for edge in self.network.inputs}
        frames = len(next(iter(codes.values())))
        step = max(1, CHUNK_WORDS // max(prod(value.shape) for value in graph.values))
        parts = []
        for start in range(0, max(frames, 1), step):
            known = graph.run({name: array[start : start + step] for name, array in codes.items()})
            parts.append({name: known[name] for name in names})
        return {name: np.concatenate([part[name] for part in parts]) for name in names}

    def _feeds(self, x: Arrays) -> dict[str, NDArray[np.generic]]:
        edges = self.network.inputs
        if isinstance(x, Mapping):
            feeds = {name: np.asarray(array) for name, array in x.items()}
        elif len(edges) == 1:
            feeds = {edges[0].name: np.asarray(x)}
        else:
            names = [edge.name for edge in edges]
            raise ImportModelError(f"the network has inputs {names}; pass a dict with an array for each")
        missing = [edge.name for edge in edges if edge.name not in feeds]
        if missing:
            raise ImportModelError(f"no data for input {missing[0]!r}; the data holds {sorted(feeds)}")
        feeds = {edge.name: edge.checked(feeds[edge.name]) for edge in edges}
        if len({len(array) for array in feeds.values()}) > 1:
            sizes = ", ".join(f"{name!r} has {len(array)}" for name, array in feeds.items())
            raise ImportModelError(f"the inputs hold different numbers of frames ({sizes}); give as many of each")
        return feeds


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Design:
    """A network's hardware, proved, not yet written."""

    model: Model
    lowered: Lowered

    def __repr__(self) -> str:
        timing = self.lowered.timing
        stages = ", ".join(stage.name for stage in self.lowered.stages)
        return f"<Design {self.lowered.name}: {stages}; latency {timing.latency}, interval {timing.interval} cycles>"

    def build(self, path: str | Path, force: bool = False) -> Json:
        """Writes the build folder and returns its manifest; `force` replaces a folder that Shiftwright wrote."""
        network = self.model.network
        frames = _unasked(OWN_FRAMES, self.lowered.timing.interval)
        integers = self.model.golden_integers(self.model.random_input(frames))
        content = portable_bytes(network.path)
        return write_folder(self.lowered, network.inputs[0], network.outputs[0], content, integers, Path(path), force)

    def verify(
        self,
        x: Arrays | None = None,
        frames: int | None = None,
        simulators: Sequence[str] = (),
        seed: int = 0,
        labels: NDArray[np.generic] | None = None,
    ) -> Verification:
        """Builds aside and simulates; see `verify`."""
        with TemporaryDirectory() as folder:
            self.build(Path(folder) / "build")
            return verify(Path(folder) / "build", x, frames, simulators, seed, labels=labels)


def load(path: str | Path) -> Model:
    """Reads a quantized ONNX file (QDQ or QCDQ); ImportModelError says what to change in one that cannot be read."""
    return Model(import_network(Path(path)))


def verify(
    folder: str | Path,
    x: Arrays | None = None,
    frames: int | None = None,
    simulators: Sequence[str] = (),
    seed: int = 0,
    waves: bool = False,
    labels: NDArray[np.generic] | None = None,
) -> Verification:
    """Simulates a build folder against golden, and golden against onnxruntime, layer by layer.

    `x` are the frames, the first `frames` of them if that is given. Without it, `frames` seeded random ones are played:
    by default 64, or fewer where they are long, but three. `simulators` are names, by default every one installed; with
    neither names nor `frames`, a slow one plays as many as do not keep people waiting, and the result says so.
    `labels`, one a frame, give accuracies.
    SimulationError where a simulator asked for is missing or its bench breaks down."""
    place = Path(folder)
    manifest = read(place)
    model = load(place / "model.onnx")
    unasked = _unasked(RANDOM_FRAMES, manifest["timing"]["interval"])
    feeds = model.random_input(frames or unasked, seed) if x is None else model._feeds(x)
    if labels is not None:
        labels = _checked_labels(labels, len(next(iter(feeds.values()))))
    feeds = {name: array[:frames] for name, array in feeds.items()}
    if not len(next(iter(feeds.values()))):
        raise SimulationError("the data holds no frame; give at least one")
    integers = model.golden_integers(feeds)
    asked = frames is not None or bool(simulators)
    return simulate(place, model.network, feeds, integers, simulators, seed, waves, labels, asked)


def prove(folder: str | Path) -> FolderProof:
    """Proves a build folder from its files alone: its Verilog, its manifest and its model.onnx.

    A core's Verilog file, or its description, is proved against the matrix in the description. Nothing is simulated:
    what is proved holds for every input. BuildError where `folder` is neither."""
    place = Path(folder)
    if place.suffix in (".v", ".json") and not place.is_dir():
        return prove_core(place)
    read(place)
    return prove_folder(place, load(place / "model.onnx").network)


def obstacle(path: str | Path) -> str | None:
    """Why a quantized file has no hardware yet, in one line; None if it has. Nothing is solved or proved for this."""
    try:
        check_hardware(load(path).network.graph)
    except ShiftwrightError as error:
        return str(error)
    return None


def _unasked(most: int, interval: int) -> int:
    return min(most, max(FEWEST_FRAMES, UNASKED_CYCLES // interval))


def _checked_labels(labels: NDArray[np.generic], frames: int) -> NDArray[np.generic]:
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or len(labels) != frames:
        raise SimulationError(
            f"labels are {labels.dtype} of shape {labels.shape} for {frames} frames; give one integer class a frame"
        )
    return labels
