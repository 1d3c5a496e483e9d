"""The command line: each command is one module, one call into flow, a table a person can read, and --json for machines.

A module registers its command with `app` when it is imported. To add one, write the module and name it here."""

from importlib import import_module

from shiftwright.cli.app import main

__all__ = ["main"]

# In the order of --help.
COMMANDS = (
    "quantize",
    "compile",
    "verify",
    "prove",
    "synth",
    "cmvm",
    "doctor",
)
for command in COMMANDS:
    import_module(f"{__name__}.{command}")
