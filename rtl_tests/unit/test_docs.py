"""The documentation against the project: links lead somewhere, commands and names exist, tables are current."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from docs.generate_operators import PAGE, page
from rtl_tests.oracle.network import Network
from shiftwright.build.host import encode
from shiftwright.build.manifest import NAME, Json, describe, dump
from shiftwright.cli.app import app
from shiftwright.flow import Model, load
from shiftwright.quantize.config import read_settings

ROOT = Path(__file__).parents[2]
DECISIONS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
HOMES = ("docs", "models", "benchmarks")
PAGES = sorted([*ROOT.glob("*.md"), *(file for home in HOMES for file in (ROOT / home).rglob("*.md"))])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SUBCOMMANDS = ("quantize", "compile", "verify", "prove", "synth", "cmvm", "doctor")
EVERY_PAGE = pytest.mark.parametrize("file", PAGES, ids=lambda file: file.relative_to(ROOT).as_posix())


def prose(file: Path) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", file.read_text(encoding="utf-8"))


def blocks(file: Path, language: str) -> list[str]:
    """A page's blocks of code in one language."""
    return [code for found, code in FENCE.findall(file.read_text(encoding="utf-8")) if found == language]


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def commands(file: Path) -> Iterator[list[str]]:
    """Words of every command line: lines of sh blocks, and spans of code that begin with a program's name."""
    lines = [line for code in blocks(file, "sh") for line in code.splitlines()]
    lines += re.findall(r"`((?:shiftwright|make|python|pip) [^`]+)`", prose(file))
    for line in lines:
        words = shlex.split(line, comments=True)
        if words:
            yield words


@cache
def options(command: str) -> frozenset[str]:
    """The options that a subcommand's --help names; empty for a command that is not there."""
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    return frozenset(re.findall(r"(?<![\w-])--?[a-z][\w-]*", shown.stdout)) if shown.exit_code == 0 else frozenset()


@EVERY_PAGE
def test_links_resolve(file: Path) -> None:
    """A link to a file finds it, and an anchor finds its heading; addresses of other sites are not looked up."""
    targets = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", prose(file))
    for target in (link or image for link, image in targets):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        place = (file.parent / path) if path else file
        assert place.exists(), f"{target} leads nowhere"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", prose(place), re.MULTILINE)
            assert anchor in map(slug, headings), f"{target} names no heading"


@EVERY_PAGE
def test_settings_are_readable(file: Path, tmp_path: Path) -> None:
    """What a page shows of a file for --config is one."""
    for place, block in enumerate(blocks(file, "toml")):
        settings = tmp_path / f"{place}.toml"
        settings.write_text(block, encoding="utf-8")
        read_settings(settings, {})


@EVERY_PAGE
def test_commands_exist(file: Path) -> None:
    """Subcommands and options are those of --help, targets those of the Makefile; scripts and extras are there."""
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)) | {"sim"}  # a build folder's
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for program, *words in commands(file):
        if program == "shiftwright" and words != ["--version"]:
            assert options(words[0]), f"there is no shiftwright {words[0]}"
            unknown = {word.split("=")[0] for word in words if word.startswith("-")} - options(words[0])
            assert not unknown, f"shiftwright {words[0]} has no {unknown}"
        elif program == "make":
            target = words[2] if words[0] == "-C" else words[0]  # in a core's bench
            assert target in targets, f"there is no make {target}"
        elif program == "pip":
            wanted = set(re.findall(r"\[(\w+)\]", " ".join(words)))
            assert wanted <= set(extras), f"there is no extra {wanted}"
        elif program == "python" and words[0] != "-m":
            homes = (ROOT, ROOT / "codegen" / "shiftwright" / "build")  # a build folder's host.py and bench/run.py
            assert any((home / words[0]).is_file() for home in homes), f"there is no {words[0]}"
        elif program == "python":
            assert (ROOT / words[1].replace(".", "/")).with_suffix(".py").is_file(), f"there is no module {words[1]}"


@EVERY_PAGE
def test_options_named_in_the_text_exist(file: Path) -> None:
    """An option in a sentence belongs to some subcommand, or to a script that the page's folder holds."""
    known = frozenset().union(*(options(name) for name in SUBCOMMANDS))
    scripts = "".join(script.read_text(encoding="utf-8") for script in file.parent.glob("*.py"))

    assert {name for name in re.findall(r"`(--[\w-]+)", prose(file)) if f'"{name}"' not in scripts} <= known


@EVERY_PAGE
def test_python_parses_and_names_of_the_package_exist(file: Path) -> None:
    """Every snippet is Python, and what it takes from shiftwright is there."""
    for code in blocks(file, "python"):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "shiftwright":
                assert all(hasattr(import_module(node.module), name.name) for name in node.names)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "shiftwright":
                assert hasattr(import_module("shiftwright"), node.attr), f"shiftwright.{node.attr} is not there"


def test_the_table_of_operators_is_current() -> None:
    """After a change in shiftwright/ops: python docs/generate_operators.py."""
    assert page() == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", DECISIONS, ids=lambda file: file.stem)
def test_a_decision_has_its_three_parts(file: Path) -> None:
    """Context, decision and consequences, under a title that carries the file's number; the index lists it."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)

    assert headings[0].startswith(f"{file.name[:4]}: ")
    assert headings[1:] == ["Context", "Decision", "Consequences"]
    assert f"({file.name})" in (file.parent / "README.md").read_text(encoding="utf-8")


def test_decisions_are_numbered_without_gaps() -> None:
    """0001, 0002 and so on: a decision is never taken out."""
    assert [int(file.name[:4]) for file in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Json]:
    """The network of docs/build-folder.md, and its manifest."""
    network = Network(["batch", 3, 2, 2])
    image = network.activation("x", 0.125)
    kernels = network.weights(np.array([[1, 0, 2], [-4, 1, 0]]).reshape(2, 3, 1, 1), 1.0)
    path = tmp_path_factory.mktemp("example") / "model.onnx"
    onnx.save(network.model(network.node("Conv", [image, kernels])), path)
    model = load(path)
    lowered = model.compile(effort="fast").lowered
    return model, describe(lowered, model.network.inputs[0], model.network.outputs[0], "", 0) | {"files": {}}


def test_every_key_of_a_manifest_is_explained(example: tuple[Model, Json]) -> None:
    """Keys of the manifest, of its edges, layers and links, stand in build-folder.md as code."""
    manifest = example[1]
    parts = [manifest, *(manifest[key] for key in ("input", "output", "timing", "proofs")), *manifest["layers"]]
    keys = {key for part in [*parts, *manifest["links"]] for key in part}
    text = prose(ROOT / "docs" / "build-folder.md")

    assert {key for key in keys if f"`{key}`" not in text} == set()


def test_the_bytes_of_the_packing_example_are_right(example: tuple[Model, Json], tmp_path: Path) -> None:
    """The two rows of bytes in build-folder.md are what host.py sends and what golden sends back."""
    model, manifest = example
    (tmp_path / NAME).write_text(dump(manifest))
    x = (np.arange(12, dtype=np.float32).reshape(1, 3, 2, 2) - 4) / 8
    text = (ROOT / "docs" / "build-folder.md").read_text(encoding="utf-8")
    rows = re.findall(r"^[sm]_axis, bytes((?:\s+[0-9a-f]{2}\b)+)", text, re.MULTILINE)
    sent, received = (bytes.fromhex(row) for row in rows)

    assert encode(x, tmp_path / NAME).tobytes() == sent
    words = model.golden_integers(x)[model.network.outputs[0].value.name]
    assert words.astype(manifest["output"]["container"]).tobytes() == received
