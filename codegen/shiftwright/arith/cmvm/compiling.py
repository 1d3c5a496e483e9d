"""Whether the search has yet to be compiled on this machine, which takes half a minute and happens once."""

from pathlib import Path

from shiftwright.arith.cmvm import cse
from shiftwright.arith.cmvm.settings import CSE, SolverSettings

NOTE = "compiling the solver, once: about half a minute"


def waits_for_compiler(settings: SolverSettings) -> bool:
    """Whether the next matrix has to wait for numba: nothing that it keeps on disk is as young as the sources.

    For messages alone: numba itself looks closer."""
    if settings.solver != CSE:
        return False
    from shiftwright.arith.cmvm.cse.compiled import entry  # numba takes half a second to import

    run = entry()
    if run.signatures:  # type: ignore[attr-defined] # a function of numba, in this process already
        return False
    sources = [path.stat().st_mtime for path in Path(cse.__file__).parent.glob("*.py")]
    kept = [path.stat().st_mtime for path in Path(run.stats.cache_path).glob("compiled.*.nbc")]  # type: ignore[attr-defined]
    return max(kept, default=0.0) < max(sources)
