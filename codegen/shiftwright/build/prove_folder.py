"""Proves a build folder from its files alone: its Verilog computes its model.onnx, and its manifest says so.

model.onnx is imported again. From it follow, without the solver that compiled the folder, what each adder leaf must
compute and the text of every other Verilog file. Leaves are read and proved; the other files must equal their text. For
that the design is built once more with the plainest solver, whose graphs give way to the leaves that were found."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from shiftwright.arith.cmvm.settings import SolverSettings
from shiftwright.build import manifest as manifests
from shiftwright.build.folder import MADE_LATER
from shiftwright.build.module_name import checked_module_name
from shiftwright.build.proofs import EMITTED, READ, FileProof, FolderProof, difference_of, hash_of, text_of
from shiftwright.build.prove_leaf import prove_leaf
from shiftwright.build.prove_manifest import listed_files, stated_latency, wrong_statements
from shiftwright.build.prove_statement import stated
from shiftwright.errors import BuildError, ProofError, ShiftwrightError
from shiftwright.frontend.convert import Network
from shiftwright.lower.design import Lowered, lower
from shiftwright.lower.plan import Plan
from shiftwright.lower.stages import Stage
from shiftwright.rtl import add3
from shiftwright.rtl.leaf import Leaf, Pipeline

PLAINEST = Plan(SolverSettings(solver="csd"))


class WrittenLeaf(Leaf):
    """An adder leaf as found in a folder: it stands where the fresh one stood, with a latency of its own."""

    def __init__(self, fresh: Leaf, text: str, latency: int) -> None:
        super().__init__(fresh.name, fresh.words, fresh.results, latency)
        self._text = text

    def context(self) -> Mapping[str, object]:
        """Nothing is left to render."""
        return {}

    def render(self) -> str:
        """The text as found."""
        return self._text

    def files(self) -> dict[str, str]:
        """With the module of three-operand adders, if the text asks for it."""
        return super().files() | (add3.file() if add3.NAME in self._text else {})


def prove_folder(folder: Path, network: Network) -> FolderProof:
    """Proves the folder whose model.onnx is `network`; BuildError where it is no build folder of this version."""
    manifest = manifests.read(folder)
    listed = listed_files(folder, manifest)
    missing = sorted(file for file in listed if not (folder / file).is_file())
    hashes = {file: hash_of(folder / file) for file in sorted(set(listed) - set(missing))}
    changed = [file for file, digest in hashes.items() if digest != listed[file]]
    fresh = _fresh_design(folder, network, manifest.get("name"), changed)

    leaves: dict[str, FileProof] = {}
    stages: list[Stage] = []
    for number, stage in enumerate(fresh.stages):
        if stage.engine is None:
            stages.append(stage)
            continue
        latency = stated_latency(manifest, number)
        text, found = _prove_leaf(folder, stage, latency)
        leaves[found.file] = found
        stages.append(_with_leaf(stage, text, latency))
    design = replace(fresh, stages=tuple(stages))

    rtl = {f"rtl/{name}": text for name, text in design.verilog().items()}
    owners = {
        f"rtl/{leaf.name}.v": stage.name for stage in stages if stage.engine for leaf in stage.engine.pipeline.leaves
    }
    files = [
        leaves.get(file)
        or FileProof(file, owners.get(file, ""), EMITTED, difference_of(folder / file, text, manifest.get("version")))
        for file, text in rtl.items()
    ]
    counts = {found.layer: found.counts for found in leaves.values() if found.counts is not None}
    wrong = wrong_statements(manifest, design, network, hash_of(folder / "model.onnx"), rtl, counts)
    extra = _extra(folder, listed, rtl)
    return FolderProof(folder, design.name, tuple(files), tuple(changed), tuple(missing), tuple(extra), tuple(wrong))


def _fresh_design(folder: Path, network: Network, name: object, changed: list[str]) -> Lowered:
    if not isinstance(name, str):
        raise BuildError(f"{folder / manifests.NAME} gives no module name; compile the model again with --force")
    top = checked_module_name(name)
    try:
        return lower(network.graph, top, PLAINEST)
    except ShiftwrightError as error:
        swapped = "it is not the file that was compiled; " if "model.onnx" in changed else ""
        raise BuildError(f"{folder / 'model.onnx'} does not compile: {swapped}{error}") from error


def _prove_leaf(folder: Path, stage: Stage, latency: int) -> tuple[str, FileProof]:
    """The text of a stage's adder leaf, and what was found of it."""
    assert stage.engine is not None
    leaf, wanted = stage.engine.pipeline.leaves[0], stated(stage)
    file, text = f"rtl/{leaf.name}.v", ""
    try:
        text = text_of(folder / file)
        counts = prove_leaf(text, wanted.matrix, wanted.constants, wanted.ranges, latency, leaf.name)
    except ProofError as error:
        return text, FileProof(file, stage.name, READ, str(error), None, wanted.digest)
    return text, FileProof(file, stage.name, READ, "", counts, wanted.digest)


def _with_leaf(stage: Stage, text: str, latency: int) -> Stage:
    """The stage, its solved leaf replaced by the one that was found."""
    assert stage.engine is not None
    solved = stage.engine.pipeline
    found = Pipeline([WrittenLeaf(solved.leaves[0], text, latency), *solved.leaves[1:]])
    components = tuple(found if component is solved else component for component in stage.components)
    return replace(stage, components=components, engine=replace(stage.engine, pipeline=found))


def _extra(folder: Path, listed: Mapping[str, str], rtl: Mapping[str, str]) -> list[str]:
    """Files that the manifest does not list, and Verilog that belongs to no layer."""
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        file = inside.as_posix()
        if not path.is_file() or file == manifests.NAME or set(inside.parts) & set(MADE_LATER):
            continue
        if file not in listed or (file.startswith("rtl/") and file not in rtl):
            found.append(file)
    return found
