"""The tools that synthesis calls: one module each, found by its `TOOL`."""
