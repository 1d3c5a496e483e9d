"""How synthesis counts: cells by a device's rule, modules by how often they occur, memories as they were written."""

from typing import Any

import pytest
from typer.testing import CliRunner

from shiftwright.arith.families.choose import families
from shiftwright.cli.app import app
from shiftwright.errors import SynthesisError
from shiftwright.synth.counts import Counts, count
from shiftwright.synth.devices.choose import device, devices
from shiftwright.synth.modules import modules


def statistics(modules: dict[str, dict[str, int]], bits: dict[str, int] | None = None) -> dict[str, Any]:
    """What `stat -json` writes, as far as it is read: own modules with a backslash, derived ones without."""
    return {
        "modules": {
            name if name.startswith("$") else f"\\{name}": {
                "num_cells_by_type": cells,
                "num_memory_bits": (bits or {}).get(name, 0),
            }
            for name, cells in modules.items()
        }
    }


@pytest.mark.parametrize("name", sorted(devices()))
def test_every_device_is_whole(name: str) -> None:
    """It names a family, its counting rule in words, and why there is no Fmax where there is none."""
    found = device(name)

    assert name == found.name
    assert found.family in families()
    assert found.rule
    assert found.description
    assert (found.route is None) == bool(found.no_route)


def test_help_names_every_device() -> None:
    """A new file is a new name there."""
    shown = CliRunner().invoke(app, ["synth", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).stdout

    assert [name for name in devices() if name not in shown] == []


@pytest.mark.parametrize(
    ("name", "cells", "counts"),
    [
        pytest.param("ecp5-85k", {"LUT4": 3, "CCU2C": 5, "PFUMX": 1}, Counts(luts=13, carry=5), id="carry-is-luts"),
        pytest.param("ecp5-85k", {"TRELLIS_FF": 7, "DP16KD": 2}, Counts(registers=7, memory_blocks=2), id="blocks"),
        pytest.param("ecp5-85k", {"MULT18X18D": 1, "ALU54B": 1}, Counts(dsp=2), id="multipliers"),
        pytest.param("xcup", {"LUT2": 2, "LUT6": 1, "INV": 4}, Counts(luts=7), id="any-lut-and-an-inverter"),
        pytest.param("xcup", {"LUT6_2": 9, "CARRY8": 2}, Counts(luts=9, carry=4), id="two-outputs-are-one-lut"),
        pytest.param("xc7", {"CARRY4": 3, "FDRE": 8, "FDSE_1": 1}, Counts(carry=3, registers=9), id="carry4"),
        pytest.param("xc7", {"SRL16E": 2, "RAM32M": 1, "RAMB36E1": 1}, Counts(luts=6, memory_blocks=2), id="memories"),
        pytest.param("xcup", {"DSP48E2": 1}, Counts(dsp=1), id="dsp"),
        pytest.param("up5k", {"SB_LUT4": 4, "SB_CARRY": 3, "SB_DFFESR": 2}, Counts(4, 3, 2), id="ice40"),
        pytest.param("up5k", {"SB_MAC16": 1, "$scopeinfo": 5}, Counts(dsp=1), id="notes-are-no-cells"),
        pytest.param("xcup", {"ODDITY": 2}, Counts(other=2), id="unknown-cells-are-told"),
    ],
)
def test_cells_count_by_the_rule(name: str, cells: dict[str, int], counts: Counts) -> None:
    """Each family's own."""
    assert counts == count(cells, device(name).cells)


def test_modules_count_as_often_as_they_occur() -> None:
    """The top first; a row is one instance without those inside it."""
    mapped = statistics({"pair": {"LUT4": 1}, "quad": {"pair": 2, "LUT4": 3}, "top": {"quad": 2, "pair": 1}})
    found = modules(statistics({}), mapped, "top", device("ecp5-85k").cells)

    assert [("top", 1, 0), ("quad", 2, 3), ("pair", 5, 1)] == [
        (row.name, row.instances, row.counts.luts) for row in found
    ]


def test_memory_is_counted_where_it_was_written() -> None:
    """Bits of a module with parameters, which was dissolved, belong to the module that held it."""
    derived = "$paramod\\ram\\WIDTH=32"
    written = statistics({derived: {}, "window": {derived: 2}, "top": {"window": 1}}, {derived: 64, "top": 8})
    mapped = statistics({"window": {"TRELLIS_DPR16X4": 2}, "top": {"window": 1}})
    found = modules(written, mapped, "top", device("ecp5-85k").cells)

    assert {"top": 8, "window": 128} == {row.name: row.counts.memory_bits for row in found}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ecp5-85", "there is no device 'ecp5-85'; did you mean ecp5-85k? choose from ecp5-85k, up5k, xc7, xcup"),
        ("virtex", "there is no device 'virtex'; choose from"),
    ],
)
def test_an_unknown_device_is_refused(name: str, said: str) -> None:
    """With the nearest, if one is near, and all of them."""
    with pytest.raises(SynthesisError) as error:
        device(name)

    assert str(error.value).startswith(said)


def test_a_family_stands_for_its_first_device() -> None:
    """Measurements ask by family."""
    assert "ecp5-85k" == device("ecp5").name
