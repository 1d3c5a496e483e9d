"""Fixtures of the tests that take build folders apart."""

import shutil
from pathlib import Path

import pytest

from rtl_tests.e2e import cores
from rtl_tests.e2e.subjects import compile_model, tiny_cnn


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build folder of the tiny network; tests that change it take a copy."""
    return compile_model(tiny_cnn(), tmp_path_factory.mktemp("built"))


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """A build folder of one's own."""
    return Path(shutil.copytree(built, tmp_path / "build"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Verilog of a small core; tests that change it take their own."""
    return cores.write(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def core(sound: Path, tmp_path: Path) -> Path:
    """The Verilog of a core of one's own."""
    return shutil.copytree(sound.parent, tmp_path / "own") / "core.v"
