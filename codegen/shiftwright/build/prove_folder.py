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
from shiftwright.build.prove_leaf import LeafProof, prove_leaf
from shiftwright.build.prove_manifest import listed_files, stated_engines, stated_latency, wrong_statements
from shiftwright.build.prove_serial_leaf import prove_serial_leaf
from shiftwright.build.prove_statement import stated
from shiftwright.build.serial_reader import read_serial
from shiftwright.errors import BuildError, ProofError, ShiftwrightError
from shiftwright.frontend.convert import Network
from shiftwright.lower.design import Lowered, lower
from shiftwright.lower.layer import Layer
from shiftwright.lower.plan import Plan
from shiftwright.lower.stages import Stage
from shiftwright.rtl import add3
from shiftwright.rtl.leaf import Leaf
from shiftwright.rtl.serial.leaf import SerialLeaf

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
    fresh = _fresh_design(folder, network, manifest, changed)

    leaves: dict[str, FileProof] = {}
    stages: list[Stage] = []
    number = 0
    for stage in fresh.stages:
        found = stage
        for layer in stage.layers:
            if layer.engine is not None and layer.engine.leaf is not None:
                # Digits may leave as they come, and where weights share a shift even before.
                least = 0 if isinstance(layer.engine.leaf, SerialLeaf) else 1
                proof, leaf = _prove_leaf(folder, layer, stated_latency(manifest, number, least))
                leaves[proof.file] = proof
                found = found.with_leaf(layer.engine.leaf, leaf)
            number += 1
        stages.append(found)
    design = replace(fresh, stages=tuple(stages))

    rtl = {f"rtl/{name}": text for name, text in design.verilog().items()}
    owners = {f"rtl/{leaf.name}.v": stage.name for stage in stages for leaf in stage.leaves}
    files = [
        leaves.get(file)
        or FileProof(file, owners.get(file, ""), EMITTED, difference_of(folder / file, text, manifest.get("version")))
        for file, text in rtl.items()
    ]
    counts = {found.layer: found.counts for found in leaves.values() if found.counts is not None}
    wrong = wrong_statements(manifest, design, network, hash_of(folder / "model.onnx"), rtl, counts)
    extra = _extra(folder, listed, rtl)
    return FolderProof(
        *(folder, design.name, tuple(files), tuple(changed), tuple(missing), tuple(extra), tuple(wrong)),
        memories=sum(layer.engine is not None and layer.engine.kind == "folded" for layer in design.layers),
    )


def _fresh_design(folder: Path, network: Network, manifest: manifests.Json, changed: list[str]) -> Lowered:
    if not isinstance(manifest.get("name"), str):
        raise BuildError(f"{folder / manifests.NAME} gives no module name; compile the model again with --force")
    top = checked_module_name(manifest["name"])
    plan = replace(PLAINEST, engines=stated_engines(manifest))
    try:
        return lower(network.graph, top, plan)
    except ShiftwrightError as error:
        swapped = "it is not the file that was compiled; " if "model.onnx" in changed else ""
        raise BuildError(f"{folder / 'model.onnx'} does not compile: {swapped}{error}") from error


def _prove_leaf(folder: Path, layer: Layer, latency: int) -> tuple[FileProof, Leaf | SerialLeaf]:
    """What was found of a layer's leaf, and the leaf as it is in the folder."""
    assert layer.engine is not None and layer.engine.leaf is not None
    fresh, wanted = layer.engine.leaf, stated(layer)
    file, text, complaint = f"rtl/{fresh.name}.v", "", ""
    counts: LeafProof | None = None
    found: Leaf | SerialLeaf = fresh
    try:
        text = text_of(folder / file)
        if isinstance(fresh, SerialLeaf):
            netlist = read_serial(text, fresh.name, fresh.netlist.digit, latency)
            # One of another shape is refused, and there is no top module with it.
            if (netlist.inputs, netlist.outputs) == (fresh.netlist.inputs, fresh.netlist.outputs):
                found = SerialLeaf(fresh.name, netlist)
            counts = prove_serial_leaf(netlist, wanted, layer.engine.cycles)
        else:
            counts = prove_leaf(text, wanted.matrix, wanted.constants, wanted.ranges, latency, fresh.name)
    except ProofError as error:
        complaint = str(error)
    if isinstance(fresh, Leaf):
        found = WrittenLeaf(fresh, text, latency)
    return FileProof(file, layer.name, READ, complaint, counts, wanted.digest), found


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
