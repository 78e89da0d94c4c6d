"""``kernel show``: everything that is known of one run."""

from __future__ import annotations

import argparse
from typing import Any

from mlkernel.cli.run_arguments import add_run_argument, add_runs_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel show`` takes."""
    add_run_argument(parser)
    add_runs_argument(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked, how it went, and what it left."""
    from mlkernel.cli.printout import print_json
    from mlkernel.cli.run_description import describe_run
    from mlkernel.records.run_directory import find_run, runs_root

    description = describe_run(find_run(arguments.run, runs_root(arguments.runs)))
    if arguments.json:
        print_json(description)
    else:
        _print_sections(description)
    return 0


def _print_sections(run: dict[str, Any]) -> None:
    from mlkernel.cli.list_command import format_progress
    from mlkernel.cli.printout import format_setting, print_facts, print_heading
    from mlkernel.progress.quantities import format_value

    _print_summary(run)
    if run["progress"]:
        print_heading("Progress")
        print_facts({name: format_progress("", *counts).strip() for name, counts in run["progress"].items()})
    if run["notes"]:
        print_heading("Notes")
        print_facts({name: format_setting(value) for name, value in run["notes"].items()})
    for phase, newest in run["metrics"].items():
        print_heading(f"Newest metrics of {phase}, iteration {newest['iteration']}")
        print_facts({name: format_value(value) for name, value in newest["metrics"].items()})
    _print_attempts(run["attempts"])
    _print_checkpoints(run["checkpoints"])
    if run["artifacts"]:
        print_heading("Artifacts")
        print_facts({name: _size(size) for name, size in run["artifacts"].items()})
    print_heading("Configuration")
    print_facts({path: format_setting(value) for path, value in run["configuration"].items()})
    for revision in run["revisions"]:
        print_heading(f"Changed by attempt {revision['attempt']}")
        print_facts({path: format_setting(value) for path, value in revision["changes"].items()})
    print_heading("Provenance")
    print_facts(_provenance(run["provenance"]))


def _print_summary(run: dict[str, Any]) -> None:
    from mlkernel.cli.printout import print_facts
    from mlkernel.progress.quantities import format_duration, format_value

    trainer, best = run["trainer"], run["best"]
    origin = " ".join(str(trainer[key]) for key in ("distribution", "version") if trainer[key])
    facts = {
        "directory": run["directory"],
        "trainer": f"{trainer['name']} ({origin or trainer['reference']})",
        "state": run["state"] + (f": {run['reason']}" if run["reason"] else ""),
        "asked": run["created"],
        "duration": format_duration(run["seconds"]),
    }
    if best is not None:
        facts["best"] = f"{best['metric']} {format_value(best['value'])} ({best['mode']})"
    print(run["id"])
    print_facts(facts)


def _print_attempts(attempts: list[dict[str, Any]]) -> None:
    from mlkernel.cli.printout import format_moment, print_heading, print_table
    from mlkernel.progress.quantities import format_duration

    if not attempts:
        return
    print_heading("Attempts")
    rows = [
        [
            str(attempt["number"]),
            format_moment(attempt["started"]),
            format_duration(attempt["ended"] - attempt["started"]) if attempt["ended"] else "-",
            attempt["outcome"] or "-",
            f"{attempt['pid']} on {attempt['host']}",
            attempt["reason"] or "",
        ]
        for attempt in attempts
    ]
    print_table(("attempt", "started", "duration", "outcome", "process", "reason"), rows, right=("attempt",))


def _print_checkpoints(checkpoints: list[dict[str, Any]]) -> None:
    from mlkernel.cli.printout import format_moment, print_heading, print_table
    from mlkernel.progress.quantities import format_value

    if not checkpoints:
        return
    print_heading("Checkpoints")
    rows = []
    for checkpoint in checkpoints:
        reported = checkpoint["reported"]
        where = ", ".join(f"{phase} {count}" for phase, count in checkpoint["completed"].items())
        best = "" if reported is None else f"{reported['metric']} {format_value(reported['value'])}"
        moment, size = format_moment(checkpoint["created"]), _size(checkpoint["size"])
        rows.append([checkpoint["name"], moment, where, size, best])
    print_table(("checkpoint", "made", "iterations done", "size", "reported"), rows, right=("size",))


def _provenance(provenance: dict[str, Any]) -> dict[str, str]:
    from mlkernel.cli.printout import format_setting

    facts = dict(provenance)
    plugins = facts.pop("plugins", [])
    packages = facts.pop("packages", {})
    command = facts.pop("command", [])
    lines = {name: format_setting(value) for name, value in facts.items()}
    for plugin in plugins:
        origin = " ".join(str(plugin[key]) for key in ("distribution", "version") if plugin.get(key))
        lines[f"{plugin['kind']} {plugin['name']}"] = origin or str(plugin.get("reference"))
    return {**lines, **packages, "command": " ".join(command)}


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
