"""`shiftwright doctor`: which tools this machine has."""

import typer

from shiftwright.cli.app import JsonOption, app, emit, tables, working


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Lists every tool that Shiftwright uses: version, path, and what to do where one is missing.

    Exits with 1 if no simulator is there.
    """
    from shiftwright.report.doctor import doctor_table
    from shiftwright.sim.installed import survey
    from shiftwright.synth.tools.installed import survey as survey_synthesis

    with working("asking each tool for its version"):
        tools = [*(tool.as_dict() for tool in survey()), *survey_synthesis()]
    emit(as_json, {"tools": tools}, lambda: doctor_table(tables, tools))
    if not any(tool["found"] for tool in tools if tool["purpose"] == "simulation"):
        raise typer.Exit(1)
