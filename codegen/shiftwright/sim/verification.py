"""Runs a build folder's own bench in the simulators, and sets golden beside onnxruntime: nothing may differ."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftwright.build import manifest as manifests
from shiftwright.errors import SimulationError
from shiftwright.frontend.convert import Network
from shiftwright.frontend.reference import Comparison, compare, run_onnx
from shiftwright.sim.installed import choose, simulators

LONGEST = 5  # a frame of so many times a simulator's `unasked` cycles is none of its own


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """One simulator's run: what its bench measured, and the output words that left the hardware."""

    simulator: str
    result: dict[str, Any]
    words: NDArray[np.int64] | None
    log: str

    @property
    def equal(self) -> bool:
        """Whether every word and every stated cycle count was met."""
        return bool(self.result.get("equal", False))

    @property
    def message(self) -> str:
        """What differs first, in one line."""
        return str(self.result.get("message") or "")


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """What a build folder's hardware, golden and onnxruntime say of the same frames."""

    folder: Path
    frames: int
    simulations: tuple[Simulation, ...]
    skipped: tuple[str, ...]
    layers: tuple[Comparison, ...]
    changed: tuple[str, ...]
    accuracy: dict[str, float]

    @property
    def equal(self) -> bool:
        """Whether the hardware equals golden on every word, and golden equals onnxruntime but for float32 near-ties."""
        return (
            bool(self.simulations)
            and all(simulation.equal for simulation in self.simulations)
            and all(layer.explained for layer in self.layers)
        )

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "folder": str(self.folder),
            "frames": self.frames,
            "equal": self.equal,
            "simulations": [simulation.result for simulation in self.simulations],
            "skipped": list(self.skipped),
            "changed": list(self.changed),
            "accuracy": self.accuracy,
            "layers": [
                {
                    "tensor": layer.tensor,
                    "layer": layer.value,
                    "words": layer.words,
                    "different": layer.different,
                    "near_ties": layer.near_ties,
                    "explained": layer.explained,
                }
                for layer in self.layers
            ],
        }


def simulate(
    folder: Path,
    network: Network,
    feeds: Mapping[str, NDArray[np.generic]],
    integers: Mapping[str, NDArray[np.int64]],
    wanted: Sequence[str] = (),
    seed: int = 0,
    waves: bool = False,
    labels: NDArray[np.generic] | None = None,
    to_the_end: bool = True,
) -> Verification:
    """Plays frames through a folder's RTL in each simulator (by default all that are installed).

    Unless `to_the_end`, a simulator that is slow plays only as many as do not keep people waiting, which is said.
    `labels` (frames,) give the accuracy of the largest output, of the words that left the hardware among others.
    SimulationError where a simulator asked for is missing, or none is there, or a bench breaks down."""
    manifest = manifests.read(folder)
    chosen, skipped = choose(wanted)
    changed = _changed_files(folder, manifest)
    frames = len(next(iter(feeds.values())))
    parts = dict.fromkeys(chosen, frames) if to_the_end else bearable(chosen, frames, manifest["timing"]["interval"])
    skipped += [
        f"{name} plays {part:,} of {frames:,} frames, being slow at {manifest['timing']['interval']:,} cycles a frame; "
        f"--simulator {name} plays all"
        for name, part in parts.items()
        if part < frames
    ]
    with TemporaryDirectory() as scratch:
        vectors = Path(scratch) / "vectors"
        _write_vectors(manifest, network, integers, vectors)
        simulations = tuple(
            _run(folder, vectors, name, part, Path(scratch) / name, seed, waves) for name, part in parts.items() if part
        )
    accuracy = {} if labels is None else _accuracies(folder, network, feeds, integers, simulations, labels[:frames])
    layers = tuple(compare(network, feeds, integers))
    return Verification(folder, frames, simulations, tuple(skipped), layers, tuple(changed), accuracy)


def _accuracies(
    folder: Path,
    network: Network,
    feeds: Mapping[str, NDArray[np.generic]],
    integers: Mapping[str, NDArray[np.int64]],
    simulations: Sequence[Simulation],
    labels: NDArray[np.generic],
) -> dict[str, float]:
    edge = network.outputs[0]
    outputs = {
        "onnxruntime": run_onnx(folder / "model.onnx", feeds)[0],
        "golden": edge.decode(integers[edge.value.name]),
    }
    for simulation in simulations:
        if simulation.words is not None and len(simulation.words) == len(labels):
            outputs[f"RTL in {simulation.simulator}"] = edge.decode(
                simulation.words.reshape(len(labels), *edge.value.shape)
            )
    found = {}
    for name, output in outputs.items():
        scores = output.reshape(len(output), -1)
        if len(scores) != len(labels):
            raise SimulationError(f"{len(labels)} labels for {len(scores)} frames; give one label a frame")
        found[name] = float((scores.argmax(axis=1) == labels.ravel()).mean())
    return found


def _changed_files(folder: Path, manifest: dict[str, Any]) -> list[str]:
    """Files that are no longer what compile wrote: worth a line, since the result is about them.

    SimulationError where a file is gone that the bench cannot do without."""
    found = []
    for name, wanted in manifest["files"].items():
        place = folder / name
        if name.startswith(("rtl/", "bench/")) and not place.is_file():
            raise SimulationError(f"{place} is missing; compile the model again with --force")
        if not place.is_file() or manifests.hash_bytes(place.read_bytes()) != wanted:
            found.append(name)
    return found


def _write_vectors(
    manifest: dict[str, Any], network: Network, integers: Mapping[str, NDArray[np.int64]], vectors: Path
) -> None:
    (vectors / "links").mkdir(parents=True)
    np.save(vectors / "input.npy", _words(integers[network.inputs[0].value.name]))
    np.save(vectors / "output.npy", _words(integers[network.outputs[0].value.name]))
    for link in manifest["links"]:
        if link["value"] not in integers:
            raise SimulationError(
                f"link {link['name']} is no layer of model.onnx; compile the model again with --force"
            )
        np.save(vectors / "links" / f"{link['name']}.npy", _words(integers[link["value"]]))


def _words(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    return codes.reshape(len(codes), -1, codes.shape[-1])


def bearable(chosen: Sequence[str], frames: int, interval: int) -> dict[str, int]:
    """How many frames each simulator plays unasked: of long ones a slow simulator one, of very long ones none."""
    limits = {name: simulators()[name].unasked for name in chosen}
    quick = {name: frames for name, cycles in limits.items() if cycles is None}
    least = {name: int(not quick or interval <= LONGEST * cycles) for name, cycles in limits.items() if cycles}
    slow = {name: min(frames, max(cycles // interval, least[name])) for name, cycles in limits.items() if cycles}
    return {name: (quick | slow)[name] for name in chosen}


def _run(folder: Path, vectors: Path, simulator: str, frames: int, scratch: Path, seed: int, waves: bool) -> Simulation:
    result = scratch / "result.json"
    scratch.mkdir()
    command = [sys.executable, str(folder / "bench" / "run.py"), "--simulator", simulator, "--seed", str(seed)]
    command += [
        "--frames",
        str(frames),
        "--vectors",
        str(vectors),
        "--result",
        str(result),
        "--build-dir",
        str(folder / "sim_build" / simulator),
    ]
    command += ["--waves"] if waves else []
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if not result.is_file():
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["it printed nothing"]
        raise SimulationError(f"{simulator}: the bench of {folder} broke down: {lines[-1]}")
    found = json.loads(result.read_text())
    words = result.with_suffix(".npy")
    return Simulation(simulator, found, np.load(words) if words.is_file() else None, done.stdout)
