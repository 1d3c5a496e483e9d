"""The main job on two real networks: quantize, compile, simulate every held-back image, compare every word.

    python -m models.demo OUT_DIR

For the digits MLP and CNN, with 4-bit power-of-two and with ternary weights. Leaves the quantized models, the build
folders and summary.md in OUT_DIR; exits with 1 if a single word differs."""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import shiftwright
from models.digits import write_files
from shiftwright import flow
from shiftwright.frontend.reference import run_onnx
from shiftwright.quantize.flow import quantize
from shiftwright.quantize.settings import Settings
from shiftwright.sim.installed import choose

HERE = Path(__file__).resolve().parent
NETWORKS = ("mlp", "cnn")
WEIGHTS = {"pot": 4, "ternary": 2}
ACTIVATION_BITS = 6
ICARUS_FRAMES = 50
COLUMNS = ("net", "weights", "float", "quant.", "golden", "RTL", "adders", "LUTs ≈", "mult.", "cycles")


@dataclass(frozen=True, slots=True)
class Row:
    """One network in one number system."""

    network: str
    weights: str
    accuracy: dict[str, float]
    compared: dict[str, int]
    equal: bool
    manifest: dict[str, Any]
    seconds: float

    def words(self) -> str:
        """How much was compared, and the outcome."""
        counts = ", ".join(f"{count:,} words in {name}" for name, count in self.compared.items())
        return f"{counts}: {'all equal' if self.equal else 'DIFFERENT'}"

    def cells(self) -> list[str]:
        """As the tables show them."""
        return [
            self.network,
            self.weights,
            *(f"{100 * self.accuracy[name]:.2f}" for name in ("float", "quantized", "golden", "RTL")),
            *(f"{sum(layer[key] for layer in self.manifest['layers']):,}" for key in ("adders", "estimated_luts")),
            str(self.manifest["multipliers"]),
            str(self.manifest["timing"]["interval"]),
        ]


def run(network: str, weights: str, folder: Path, console: Console) -> Row:
    """Everything for one network in one number system."""
    began = time.monotonic()
    calibration, test = (dict(np.load(folder / f"{network}_{part}.npz")) for part in ("calibration", "test"))
    source = HERE / f"digits_{network}" / f"digits_{network}.onnx"
    quantized = folder / f"{network}_{weights}.onnx"
    console.print(f"[bold]{network}, {weights}[/bold]: quantize", end="")
    quantize(
        source,
        calibration,
        Settings(weights=weights, weight_bits=WEIGHTS[weights], activation_bits=ACTIVATION_BITS),
        quantized,
    )
    console.print(", compile", end="")
    build = folder / f"build_{network}_{weights}"
    manifest = shiftwright.load(quantized).compile().build(build, force=True)
    console.print(f", simulate {len(test['labels'])} images in Verilator", end="")
    x, labels = {"x": test["x"]}, test["labels"]
    found = [flow.verify(build, x, simulators=["verilator"], labels=labels)]
    if "icarus" in choose([])[0]:
        console.print(f", {ICARUS_FRAMES} in Icarus", end="")
        found.append(flow.verify(build, x, ICARUS_FRAMES, ["icarus"], labels=labels))
    runs = [simulation for one in found for simulation in one.simulations]
    accuracy = found[0].accuracy
    reference = (run_onnx(source, x)[0].argmax(axis=1) == labels).mean()
    row = Row(
        network,
        f"{WEIGHTS[weights]}-bit {weights}" if weights != "ternary" else weights,
        {
            "float": float(reference),
            "quantized": accuracy["onnxruntime"],
            "golden": accuracy["golden"],
            "RTL": accuracy.get("RTL in verilator", float("nan")),
        },
        {run.simulator: int(run.result["words"]) for run in runs},
        all(one.equal for one in found),
        manifest,
        time.monotonic() - began,
    )
    console.print(f"\n  {row.words()} ({row.seconds:.0f} s)")
    return row


def markdown(rows: list[Row], images: int) -> str:
    """The summary as a page."""
    lines = [
        "# Shiftwright on scikit-learn's digits",
        "",
        f"Accuracy on {images} held-back images: of the float network, of the quantized file in onnxruntime, of the",
        "golden model, and of the words that left the simulated hardware. Every one of those was compared with golden.",
        "LUTs are an estimate: a full-adder bit counts as one, windows and handshakes are not in it.",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "| " + " | ".join("---" for _ in COLUMNS) + " |",
        *("| " + " | ".join(row.cells()) + " |" for row in rows),
        "",
        *(
            f"- {row.network}, {row.weights}: {row.seconds:.0f} s from the float model to the last compared word"
            for row in rows
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Command line: where to write."""
    parser = argparse.ArgumentParser(description="Quantizes, compiles and simulates the digits networks.")
    parser.add_argument("folder", type=Path, help="folder for models, builds and summary.md; made if missing")
    folder: Path = parser.parse_args().folder
    console = Console()
    write_files(folder)
    rows = [run(network, weights, folder, console) for network in NETWORKS for weights in WEIGHTS]
    images = len(np.load(folder / "mlp_test.npz")["labels"])
    console.print(f"\n{images} held-back digits: per cent right, and what the hardware takes for each")
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in COLUMNS[:2] else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row.cells())
    console.print(table)
    for line in choose([])[1]:
        console.print(line, markup=False)
    summary = folder / "summary.md"
    summary.write_text(markdown(rows, images), encoding="utf-8")
    console.print(
        f"Written: {summary}, and a build folder for each row beside it (make sim runs one without Shiftwright)."
    )
    sys.exit(0 if all(row.equal for row in rows) else 1)


if __name__ == "__main__":
    main()
