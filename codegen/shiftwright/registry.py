"""Finds the entries of an extension point: one module a grid, an operator, a simulator.

A package's modules are imported once and what each declares under a given name is collected, so that adding an entry is
adding a file."""

import importlib
import pkgutil
from functools import cache


@cache
def entries(package: str, attribute: str) -> dict[str, object]:
    """What the modules of `package` declare as `attribute`, by module name, in alphabetical order."""
    home = importlib.import_module(package)
    modules = sorted(module.name for module in pkgutil.iter_modules(home.__path__))
    found = {name: importlib.import_module(f"{package}.{name}") for name in modules}
    return {name: getattr(module, attribute) for name, module in found.items() if hasattr(module, attribute)}
