"""The one function that Python calls, compiled to machine code and kept on disk.

numba's cache looks at the file of the function it compiles and not at those of what that calls. The digest of this
package's sources, closed over here, makes the cache follow all of them. One entry keeps compilation to one pass."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from numba import njit

from shiftwright.arith.cmvm.cse.export import export_trees
from shiftwright.arith.cmvm.cse.search import build, improve, remember, restore

BUILD, IMPROVE, EXPORT = range(3)


@cache
def entry() -> Callable[..., Any]:
    """run(action, state, best, digits, budget, schedule) -> (heads, items, sums, steps)."""
    digest = hashlib.sha256(
        b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    ).hexdigest()

    def run(action, state, best, digits, budget, schedule):  # type: ignore[no-untyped-def]
        assert len(digest) == 64
        nothing = np.zeros((0, 5), dtype=np.int64)
        rows = np.zeros((0, 3), dtype=np.int64)
        if action == BUILD:
            build(state, digits)
            remember(state, best)
        elif action == IMPROVE:
            return nothing, rows, rows, improve(state, best, budget, schedule)
        else:
            restore(state, best)
            heads, items, sums = export_trees(state)
            return heads, items, sums, 0
        return nothing, rows, rows, 0

    try:
        compiled = njit(cache=True)(run)
    except RuntimeError:  # nowhere to keep it: compile each time
        compiled = njit(run)
    return cast(Callable[..., Any], compiled)
