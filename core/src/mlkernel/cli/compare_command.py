"""``kernel compare``: how runs differ in what was asked and in what came out."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from mlkernel.cli.run_arguments import add_run_argument, add_runs_argument
from mlkernel.errors import UsageError

if TYPE_CHECKING:
    from mlkernel.records.run_directory import RunDirectory

ABSENT = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel compare`` takes."""
    add_run_argument(parser, "chosen", nargs="+")
    add_runs_argument(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print differing values of the configurations, differing versions, and metrics, side by side."""
    from mlkernel.cli.printout import print_json
    from mlkernel.records.run_directory import find_run, runs_root

    if len(arguments.chosen) < 2:
        raise UsageError("there is nothing to compare one run with", hint="Name two or more runs.")
    root = runs_root(arguments.runs)
    comparison = compare_runs([find_run(text, root) for text in arguments.chosen])
    if arguments.json:
        print_json(comparison)
    else:
        _print_comparison(comparison)
    return 0


def compare_runs(directories: list[RunDirectory]) -> dict[str, Any]:
    """Differences as plain data.

    Under ``runs`` stand the runs' names, state and time; every list under ``configuration``, ``versions``,
    ``best`` and ``final`` has one value for each run, in this order, ``None`` where a run has none.
    """
    from mlkernel.cli.run_description import describe_run
    from mlkernel.plots.run_groups import differing_paths

    runs = [describe_run(directory) for directory in directories]
    configurations = [{"use": run["trainer"]["name"], **run["configuration"]} for run in runs]
    versions = [_versions(run["provenance"]) for run in runs]
    bests = [run["best"] or {} for run in runs]
    finals = [_final_values(run["metrics"]) for run in runs]
    reported = dict.fromkeys(best["metric"] for best in bests if best)
    return {
        "runs": [{name: run[name] for name in ("id", "state", "seconds")} for run in runs],
        "configuration": {
            path: [values.get(path) for values in configurations] for path in differing_paths(configurations)
        },
        "versions": {name: [values.get(name) for values in versions] for name in differing_paths(versions)},
        "best": {
            name: [best.get("value") if best.get("metric") == name else None for best in bests]
            for name in reported
        },
        "final": {
            name: [values.get(name) for values in finals]
            for name in dict.fromkeys(name for values in finals for name in values)
        },
    }


def _versions(provenance: dict[str, Any]) -> dict[str, str | None]:
    """Versions of Python, mlkernel, plugins' distributions and what they need."""
    plugins = {
        plugin["distribution"]: plugin["version"]
        for plugin in provenance.get("plugins", [])
        if plugin["distribution"]
    }
    own = {name: provenance.get(name) for name in ("python", "mlkernel")}
    return {**own, **plugins, **provenance.get("packages", {})}


def _final_values(metrics: dict[str, dict[str, Any]]) -> dict[str, float]:
    return {
        f"{phase}: {name}": value
        for phase, newest in metrics.items()
        for name, value in newest["metrics"].items()
    }


def _print_comparison(comparison: dict[str, Any]) -> None:
    from mlkernel.cli.printout import format_setting, print_heading, print_table
    from mlkernel.progress.quantities import format_duration, format_value

    def number(value: float | None) -> str:
        return ABSENT if value is None else format_value(value)

    def setting(value: Any) -> str:
        return ABSENT if value is None else format_setting(value)

    runs = comparison["runs"]
    names = [run["id"] for run in runs]
    rows = [
        ["state", *(run["state"] for run in runs)],
        ["duration", *(format_duration(run["seconds"]) for run in runs)],
    ]
    rows += [[f"best {name}", *map(number, values)] for name, values in comparison["best"].items()]
    rows += [[name, *map(number, values)] for name, values in comparison["final"].items()]
    print_table(["result", *names], rows, right=names)
    for title, differences in (
        ("Configuration", comparison["configuration"]),
        ("Versions", comparison["versions"]),
    ):
        print_heading(f"{title}: {'what differs' if differences else 'no difference'}")
        if differences:
            print_table(
                ["name", *names],
                [[name, *map(setting, values)] for name, values in differences.items()],
            )
