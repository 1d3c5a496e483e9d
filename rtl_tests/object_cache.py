"""Stands before the C++ compiler: what all of Verilator's models share is compiled once, and copied from then on.

    OBJCACHE="python object_cache.py FOLDER" make …

Half the time that a small model takes to build goes into the runtime's own files, the same each time."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


def main(folder: Path, command: list[str]) -> int:
    """Runs a compiler's command, or gives what the same command made before."""
    source = Path(command[-1])
    if not (source.is_absolute() and source.name.startswith("verilated") and "-o" in command):
        return subprocess.call(command)  # a part of the model
    target = Path(command[command.index("-o") + 1])
    kept = folder / hashlib.sha256("\0".join(command).encode()).hexdigest()
    if not kept.is_file():
        code = subprocess.call(command)
        if code:
            return code
        aside = kept.with_suffix(f".{os.getpid()}")
        shutil.copyfile(target, aside)
        aside.replace(kept)  # whole or not at all: others may be building too
    else:
        shutil.copyfile(kept, target)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
