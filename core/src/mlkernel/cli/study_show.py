"""``kernel study show``: one study, or one of its trials."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from mlkernel.cli.study_arguments import add_study_arguments, opened_study

if TYPE_CHECKING:
    from mlkernel.study.store.records import DriverRecord, StudyRecord, TrialRecord
    from mlkernel.study.store.study_store import StudyStore
    from mlkernel.study.study_directory import StudyDirectory

BEST = 5
FAILURES = 3
LOOKED_AT = 200
"""Newest ends, among which failures are sought."""


def add_show_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel study show`` takes."""
    add_study_arguments(parser)
    parser.add_argument("--trial", type=int, metavar="N", help="show this trial and its runs")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run_show(arguments: argparse.Namespace) -> int:
    """Print state, counts, drivers, the best trials and the newest failures; or one trial."""
    from mlkernel.cli.printout import print_json
    from mlkernel.cli.study_outline import best_facts
    from mlkernel.study.statistics.study_results import objectives_of

    with opened_study(arguments) as (directory, store):
        study = store.study(directory.name)
        if arguments.trial is not None:
            trial = store.trial(directory.name, arguments.trial)
            if arguments.json:
                print_json(best_facts(trial, objectives_of(study.configuration)))
            else:
                _print_trial(trial, study)
            return 0
        outline = _outline(directory, store, study)
    if arguments.json:
        print_json(_plain(outline, study))
    else:
        _print_study(outline, study)
    return 0


def _outline(directory: StudyDirectory, store: StudyStore, study: StudyRecord) -> dict[str, Any]:
    from mlkernel.cli.study_drivers import split_drivers
    from mlkernel.cli.study_outline import best_trials, first_of_front
    from mlkernel.study.curves import ENDED
    from mlkernel.study.statistics.study_results import objectives_of

    living, gone = split_drivers(directory, store)
    counts = store.counts(study.name)
    ended = sum(count for state, count in counts.items() if state in ENDED)
    newest = store.ends(study.name, max(-1, ended - 1 - LOOKED_AT))
    if len(objectives_of(study.configuration)) > 1:
        best, front = first_of_front(store, study, BEST)
    else:
        best, front = best_trials(store, study, BEST), None
    return {
        "directory": str(directory.path),
        "counts": counts,
        "best": best,
        "front": front,
        "failures": [trial for trial in reversed(newest) if trial.state == "failed"][:FAILURES],
        "last_end": newest[-1].ended if newest else None,
        "drivers": living,
        "gone": gone,
    }


def _plain(outline: dict[str, Any], study: StudyRecord) -> dict[str, Any]:
    import attrs

    from mlkernel.cli.study_drivers import shown_state
    from mlkernel.cli.study_outline import best_facts
    from mlkernel.study.statistics.study_results import objectives_of

    objectives = objectives_of(study.configuration)
    return {
        "name": study.name,
        "state": shown_state(study, outline["drivers"], outline["gone"]),
        "created": study.created,
        "revision": study.revision,
        "configuration": study.configuration,
        **outline,
        "best": [best_facts(trial, objectives) for trial in outline["best"]],
        "failures": [{"trial": trial.number, "reason": trial.reason} for trial in outline["failures"]],
        "drivers": [attrs.asdict(driver) for driver in outline["drivers"]],
        "gone": [attrs.asdict(driver) for driver in outline["gone"]],
    }


def _print_study(outline: dict[str, Any], study: StudyRecord) -> None:
    from mlkernel.cli.printout import print_facts, print_heading
    from mlkernel.cli.study_outline import print_trials
    from mlkernel.study.statistics.study_results import objectives_of

    print_facts(_facts(outline, study))
    objectives = objectives_of(study.configuration)
    if outline["best"]:
        size = "" if outline["front"] is None else f" ({outline['front']} points)"
        print_heading("Best trials" if len(objectives) == 1 else f"Pareto front{size}")
        print_trials(outline["best"], objectives)
    if outline["failures"]:
        print_heading("Newest failures")
        print_facts({f"trial {trial.number}": trial.reason or "-" for trial in outline["failures"]})


def _facts(outline: dict[str, Any], study: StudyRecord) -> dict[str, str]:
    from mlkernel.cli.printout import format_moment
    from mlkernel.cli.study_drivers import nobody, shown_state
    from mlkernel.cli.study_outline import component_name
    from mlkernel.study.statistics.study_results import objectives_of

    configuration = study.configuration
    counts = outline["counts"]
    wanted = configuration.get("trials")
    total = str(sum(counts.values())) if wanted is None else f"{sum(counts.values())} of {wanted}"
    states = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    objectives = objectives_of(configuration)
    return {
        "study": study.name,
        "directory": outline["directory"],
        "state": shown_state(study, outline["drivers"], outline["gone"]),
        "trainer": str(configuration.get("trainer", "-")),
        "objective": ", ".join(f"{objective.metric} ({objective.mode})" for objective in objectives),
        "algorithm": component_name(configuration.get("algorithm")) or "-",
        "scheduler": component_name(configuration.get("scheduler")) or "-",
        "trials": f"{total} ({states})" if states else total,
        "created": format_moment(study.created),
        "last end": format_moment(outline["last_end"]),
        "driven by": ", ".join(map(_driver, outline["drivers"])) or nobody(study, outline["gone"]),
    }


def _driver(driver: DriverRecord) -> str:
    from mlkernel.cli.printout import format_moment

    return f"{driver.host} process {driver.pid} (heartbeat {format_moment(driver.heartbeat)})"


def _print_trial(trial: TrialRecord, study: StudyRecord) -> None:
    from mlkernel.cli.printout import format_setting, print_facts, print_heading, print_table
    from mlkernel.progress.quantities import format_value
    from mlkernel.study.statistics.study_results import objectives_of

    objectives = objectives_of(study.configuration)
    values = zip(objectives, trial.values or (), strict=False)
    facts = {"trial": str(trial.number), "state": trial.state}
    facts |= {"reason": trial.reason} if trial.reason else {}
    print_facts(facts | {objective.metric: format_value(value) for objective, value in values})
    print_heading("Parameters")
    print_facts({name: format_setting(value) for name, value in trial.parameters.items()})
    print_heading("Runs")
    others = list({name: None for run in trial.runs for name in run.metrics})
    rows = [
        [
            str(run.seed),
            "-" if run.fold is None else str(run.fold),
            run.state,
            str(run.attempt),
            ", ".join(map(format_value, run.values or ())) or "-",
            *(format_value(run.metrics[name]) if name in run.metrics else "-" for name in others),
            run.directory or "-",
            run.error or "",
        ]
        for run in trial.runs
    ]
    print_table(["seed", "fold", "state", "attempts", "values", *others, "directory", "error"], rows)
