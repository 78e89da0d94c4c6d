"""A study in words and tables, the same for every form of report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from mlkernel.progress.quantities import format_duration
from mlkernel.study.space.table_form import to_table
from mlkernel.study.statistics.parameter_axis import label
from mlkernel.study.statistics.study_results import StudyResults
from mlkernel.study.statistics.trial_values import value_text
from mlkernel.study.store.records import TrialRecord

MOST_BEST = 10
MOST_REASONS = 10
LONGEST_REASON = 200


@frozen(kw_only=True)
class Table:
    """Texts in rows."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@frozen(kw_only=True)
class Digest:
    """What a report says before it draws."""

    name: str
    facts: Mapping[str, str]
    tables: Sequence[Table]


def digest(results: StudyResults) -> Digest:
    """Sum up a study."""
    tables = [best_table(results), _failure_table(results), _space_table(results)]
    return Digest(
        name=results.study.name, facts=_facts(results), tables=[table for table in tables if table.rows]
    )


def best_table(results: StudyResults, count: int = MOST_BEST) -> Table:
    """The best trials, or those of the Pareto front; values with the half width of their 95 % interval over runs."""
    if len(results.objectives) > 1:
        trials: Sequence[TrialRecord] = results.pareto_front[:count]
        title = f"Pareto front: {len(trials)} of {len(results.pareto_front)} points"
    else:
        trials, title = results.best(count), "Best trials"
    metrics = [f"{objective.metric} ({objective.mode})" for objective in results.objectives]
    names = [name for name in results.parameters if any(name in trial.parameters for trial in trials)]
    rows = [
        [
            str(trial.number),
            *(value_text(trial, place) for place in range(len(results.objectives))),
            *(label(trial.parameters[name]) if name in trial.parameters else "-" for name in names),
        ]
        for trial in trials
    ]
    return Table(title=title, columns=["trial", *metrics, *names], rows=rows)


def _facts(results: StudyResults) -> dict[str, str]:
    configuration = results.study.configuration
    states = Counter(trial.state for trial in results.trials)
    counted = ", ".join(f"{count} {state}" for state, count in states.most_common())
    facts = {
        "state": results.study.state,
        "trainer": str(configuration.get("trainer", "-")),
        "objectives": ", ".join(f"{one.metric} ({one.mode})" for one in results.objectives),
        "algorithm": chosen(configuration.get("algorithm")),
        "scheduler": chosen(configuration.get("scheduler")),
        "trials": f"{len(results.trials)} ({counted})" if counted else "0",
    }
    told = {name: value for name, value in facts.items() if value != "-"}
    return told | _best_fact(results) | _time_facts(results)


def _best_fact(results: StudyResults) -> dict[str, str]:
    if not results.comparable:
        return {"best": "no trial has ended with a value"}
    if len(results.objectives) > 1:
        return {"Pareto front": f"{len(results.pareto_front)} points"}
    (best,) = results.best(1)
    return {"best": f"{value_text(best, 0)} (trial {best.number})"}


def _time_facts(results: StudyResults) -> dict[str, str]:
    runs = [run for trial in results.trials for run in trial.runs if run.started is not None]
    if not runs:
        return {}
    begun = min(run.started or 0.0 for run in runs)
    ended = max(run.ended or run.started or 0.0 for run in runs)
    spent = sum(run.ended - run.started for run in runs if run.ended and run.started)
    return {
        "first run": datetime.fromtimestamp(begun, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "from first start to last end": format_duration(ended - begun),
        "runs": f"{len(runs)}, {format_duration(spent)} in all",
    }


def _failure_table(results: StudyResults) -> Table:
    reasons = Counter(_reason(trial) for trial in results.trials if trial.state == "failed")
    rows = [[str(count), reason[:LONGEST_REASON]] for reason, count in reasons.most_common(MOST_REASONS)]
    return Table(title="Why trials failed", columns=["trials", "reason"], rows=rows)


def _reason(trial: TrialRecord) -> str:
    errors = (run.error for run in trial.runs if run.error)
    return trial.reason or next(errors, "not told")


def _space_table(results: StudyResults) -> Table:
    rows = []
    for name, entry in (to_table(results.space) if results.space else {}).items():
        if isinstance(entry, Mapping):
            rest = {key: value for key, value in entry.items() if key != "method"}
            told = ", ".join(f"{key} {label(value)}" for key, value in rest.items())
            rows.append([name, str(entry["method"]), told])
        else:
            rows.append([name, "", "; ".join(entry)])
    return Table(title="Search space", columns=["parameter", "method", "arguments"], rows=rows)


def chosen(choice: Any) -> str:
    """The name in a choice of a component, however it is written."""
    if isinstance(choice, Mapping):
        return str(choice.get("use", "-"))
    return str(choice) if choice else "-"
