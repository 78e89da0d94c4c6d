"""What earlier studies found, as observations for the algorithm of a new one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs

from mlkernel.errors import ConfigError
from mlkernel.study.engine.study_settings import stored_config
from mlkernel.study.history import Observation
from mlkernel.study.study_config import StudyConfig
from mlkernel.study.study_directory import find_study


def earlier_observations(config: StudyConfig, root: Path) -> Iterator[Observation]:
    """The ended trials of the studies that *config* starts from, in the order of their ends.

    :param root: the folder of studies.
    :raises UnknownNameError: there is no such study.
    :raises ConfigError: it compares trials by something else.
    """
    wanted = [attrs.asdict(one) for one in config.objectives]
    for text in config.warm_start:
        directory = find_study(text, root)
        store = directory.open()
        try:
            theirs = [attrs.asdict(one) for one in stored_config(store.study(directory.name)).objectives]
            if theirs != wanted:
                raise ConfigError(
                    f"study {directory.name} has other objectives: {_words(theirs)} instead of {_words(wanted)}",
                    hint="warm_start takes studies with the same metrics and modes.",
                )
            for trial in store.ends(directory.name):
                yield Observation(parameters=trial.parameters, values=trial.values)
        finally:
            store.close()


def _words(objectives: list[dict[str, str]]) -> str:
    return ", ".join(f"{one['metric']} ({one['mode']})" for one in objectives)
