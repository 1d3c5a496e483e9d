"""The devices that designs can be synthesized for: one module each, found by its `DEVICE`."""
