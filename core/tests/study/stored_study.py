"""Made studies in real stores."""

from __future__ import annotations

from pathlib import Path

from mlkernel.study.statistics.study_results import StudyResults
from mlkernel.study.store.study_store import NewTrialRecord
from mlkernel.study.study_directory import StudyDirectory


def store_study(results: StudyResults, root: Path) -> StudyDirectory:
    """Write a made study to a folder of its name beneath *root*, as a driver would."""
    directory = StudyDirectory(root / results.study.name)
    store = directory.create()
    name = results.study.name
    store.create(name, results.study.configuration)
    with store.together(name):
        store.add_trials(
            name,
            "driver",
            lambda _: [
                NewTrialRecord(
                    parameters=trial.parameters, runs=tuple((run.seed, run.fold) for run in trial.runs)
                )
                for trial in results.trials
            ],
        )
        for trial in results.trials:
            for run in trial.runs:
                where = f"runs/{trial.number:06d}-{run.place}"
                store.start_run(name, trial.number, run.place, driver="driver", directory=where, until=None)
            for report in results.reports.get(trial.number, ()):
                store.report(
                    name, trial.number, report.place, step=report.step, values=report.values, metrics={}
                )
            for run in trial.runs:
                store.end_run(name, trial.number, run.place, run.state, values=run.values, error=run.error)
            store.set_trial(name, trial.number, trial.state, values=trial.values, reason=trial.reason)
    store.set_state(name, results.study.state)
    store.close()
    return directory
