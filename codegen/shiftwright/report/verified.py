"""What `shiftwright verify` found: every simulator beside golden, and golden beside onnxruntime."""

from typing import Any

from rich.console import Console

from shiftwright.report.parts import add_row, new_table, plural, print_line, thousands, verdict


def verified_table(console: Console, found: dict[str, Any]) -> None:
    """Each simulator against golden, golden against onnxruntime, and the first difference if there is one."""
    table = new_table(f"{found['folder']}: {plural(found['frames'], 'frame')}")
    for column in ("golden and", "are"):
        table.add_column(column, no_wrap=True)
    for column in ("words", "near-ties", "latency", "interval", "cycles"):
        table.add_column(column, justify="right", no_wrap=True)
    for run in found["simulations"]:
        add_row(
            table,
            f"RTL in {run['simulator']}",
            verdict(run["equal"]),
            thousands(run["words"]),
            "",
            *("" if run[key] is None else thousands(run[key]) for key in ("latency", "interval", "cycles")),
        )
    different = sum(layer["different"] for layer in found["layers"])
    explained = all(layer["explained"] for layer in found["layers"])
    add_row(
        table,
        "onnxruntime",
        verdict(explained),
        thousands(sum(layer["words"] for layer in found["layers"])),
        thousands(different),
    )
    console.print(table)
    lines = list(found["skipped"])
    lines += [
        f"near-ties: {layer['near_ties']} of {layer['words']} words of {layer['tensor']}, where onnxruntime's float32 "
        "rounds differently in the last place"
        for layer in found["layers"]
        if layer["near_ties"] and layer["explained"]
    ]
    if found["changed"]:
        lines.append(f"note: changed since compile: {', '.join(found['changed'])}")
    lines += [f"{run['simulator']}: {run['message']}" for run in found["simulations"] if not run["equal"]]
    lines += [f"waveform: {wave}" for run in found["simulations"] for wave in run.get("waves", [])]
    lines += [
        f"golden and onnxruntime differ in {layer['different']} of {layer['words']} words of {layer['tensor']}, only "
        f"{layer['near_ties']} of them near-ties; please report this with the model"
        for layer in found["layers"]
        if not layer["explained"]
    ]
    lines += [f"accuracy, {name}: {accuracy:.2%}" for name, accuracy in found["accuracy"].items()]
    for line in lines:
        print_line(console, line)
