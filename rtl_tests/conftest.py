"""What all tests share: random cases that are the same on every run, and a C++ compiler that does nothing twice.

So that a red run is about the change and not about luck. HYPOTHESIS_PROFILE=explore pytest … tries new ones, to look
for what nobody thought of."""

import os
import shlex
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from rtl_tests import object_cache

settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session", autouse=True)
def shared_objects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Verilator's runtime is compiled once, for all the workers of a run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "objects"
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-E", "-S", object_cache.__file__, str(folder)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OBJCACHE", shlex.join(command))
        yield
