"""The repository as a whole: what may lie at its root, how long a file may be, how it begins."""

import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "benchmarks",
    "codegen",
    "docs",
    "models",
    "pyproject.toml",
    "rtl_tests",
    "templates",
}
LONGEST_FILE = 500


@cache
def project_files() -> tuple[Path, ...]:
    """Every file of the project, committed or about to be, relative to the root; ignored ones are no part of it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [Path(name) for name in listed.split("\0") if name]
    return tuple(file for file in files if (ROOT / file).is_file())


def texts(*suffixes: str) -> dict[Path, str]:
    """Text of every project file with one of the suffixes."""
    return {file: (ROOT / file).read_text(encoding="utf-8") for file in project_files() if file.suffix in suffixes}


def test_nothing_strays_at_the_top_level() -> None:
    """A new entry at the root is a decision: it goes into the list above."""
    assert {file.parts[0] for file in project_files()} == TOP_LEVEL


def test_no_file_is_too_long_to_read() -> None:
    """Beyond 500 lines a file holds more than one idea."""
    sources = texts(".py", ".j2", ".v", ".md", ".toml")

    assert [str(file) for file, text in sources.items() if text.count("\n") > LONGEST_FILE] == []


def test_every_module_says_which_idea_it_holds() -> None:
    """A docstring comes first in every Python file that is not empty."""
    openings = ('"""', 'r"""', "#!")

    assert [str(file) for file, text in texts(".py").items() if text and not text.startswith(openings)] == []


def test_no_file_names_the_machine_that_it_was_made_on() -> None:
    """A generated file that carries an absolute path of this checkout works nowhere else."""
    if len(ROOT.parts) < 3:
        pytest.skip(f"{ROOT} is too short a path to search for")
    here = f"{ROOT}/".encode()

    assert [str(file) for file in project_files() if here in (ROOT / file).read_bytes()] == []


@pytest.mark.parametrize("file", [".ci/run"])
def test_a_script_can_be_run(file: str) -> None:
    """It is called by its name, without an interpreter in front."""
    assert (ROOT / file).stat().st_mode & 0o111
