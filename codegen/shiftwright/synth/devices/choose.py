"""Devices by name."""

from difflib import get_close_matches
from typing import cast

from shiftwright import registry
from shiftwright.errors import SynthesisError
from shiftwright.synth.devices.device import Device


def devices() -> dict[str, Device]:
    """Every device there is a file for, by name."""
    found = registry.entries("shiftwright.synth.devices", "DEVICE").values()
    return {device.name: device for device in cast(list[Device], list(found))}


def device(name: str) -> Device:
    """The device of that name, or the first of the family of that name; SynthesisError with the nearest if none is."""
    known = devices()
    if name in known:
        return known[name]
    of_family = [one for one in known.values() if one.family == name]
    if of_family:
        return of_family[0]
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise SynthesisError(f"there is no device {name!r}; {hint}choose from {', '.join(known)}")
