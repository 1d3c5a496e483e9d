"""The command line, run in the test's own process: what a user types, and what a user sees."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from shiftwright.cli import app, main

# A shell that starts tests in the background has them, and all that they start, ignore Ctrl-C.
INTERRUPTIBLE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from shiftwright.cli import main; main()"
)


class Terminal:
    """Runs the command line in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capture = monkeypatch, capture
        # A console without a width of its own asks the terminal, which tests do not have.
        monkeypatch.setattr(app.tables, "width", 200)

    def run(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of a command."""
        self._monkeypatch.setattr(sys, "argv", ["shiftwright", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        printed = self._capture.readouterr()
        assert left.value.code is None or isinstance(left.value.code, int)
        return left.value.code or 0, printed.out, printed.err

    def json(self, *arguments: str | Path, code: int = 0) -> dict[str, Any]:
        """The one object that a command prints with --json."""
        found, out, err = self.run(*arguments, "--json")
        assert (found, err) == (code, "")
        assert out.count("\n") == 1
        parsed: dict[str, Any] = json.loads(out)
        return parsed
