"""What scripts of mle-toolbox import, for scripts that run in a study: their loop stays as it is.

Of the older ones, ``from mle_toolbox.utils import get_configs_ready, DeepLogger`` becomes ``from
mlkernel.study.mle_toolbox import ...``, and so does ``MLExperiment`` of the newer ones. Each update of the log is
printed as a line of JSON, which is how scripts report to a study. Nothing but the standard library is imported.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SEED = "seed_id"


class Settings(dict[str, Any]):
    """A table of a configuration, whose values are attributes as well."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"there is no {name!r} among {', '.join(self) or 'no settings'}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


class DeepLogger:
    """Reports what is tracked. It is made of a job's ``log_config``, whose other settings are of no consequence here.

    :param time_to_track: names of the clocks; the first one is the step of the reports.
    :param what_to_track: names of the metrics, in the order in which updates give them.
    """

    def __init__(
        self, time_to_track: Sequence[str], what_to_track: Sequence[str], **_of_no_consequence: Any
    ) -> None:
        self._clocks, self._metrics = list(time_to_track), list(what_to_track)

    def update_log(self, clock_tick: Sequence[float], stats_tick: Sequence[float]) -> None:
        """Report one update, in the order of the tracked names.

        :raises ValueError: there are more or fewer values than names.
        """
        clock = dict(zip(self._clocks, clock_tick, strict=True))
        self.update(clock, dict(zip(self._metrics, stats_tick, strict=True)))

    def update(self, clock_tick: Mapping[str, float], stats_tick: Mapping[str, float]) -> None:
        """Report one update by names, as the newer logger does."""
        numbers = {name: _number(value) for name, value in {**stats_tick, **clock_tick}.items()}
        step = {"step": numbers[self._clocks[0]]} if self._clocks and self._clocks[0] in clock_tick else {}
        print(json.dumps({**numbers, **step}), flush=True)  # noqa: T201 - this is the report

    def save_log(self) -> None:
        """Nothing is left to save: the study keeps each update when it is made."""

    save = save_log


class MLExperiment:
    """What a script was asked to do, read from its arguments.

    :param config_fname: the configuration, unless ``-config`` names one.
    :param seed_id: unless ``-seed`` gives one.
    """

    def __init__(
        self,
        config_fname: str = "configs/base_config.json",
        experiment_dir: str = "experiments/",
        seed_id: int = 0,
    ) -> None:
        given, rest = _parser(config_fname, experiment_dir, seed_id).parse_known_args()
        tree = _read(given.config)
        self.experiment_dir: str = given.exp_dir
        self.seed_id: int = given.seed
        self.fold: int | None = given.fold
        self.folds: int | None = given.folds
        self.extra_config = _pairs(rest)
        """Arguments that are none of the standard ones."""
        self.train_config = Settings({**tree.get("train_config", {}), SEED: given.seed})
        self.model_config = Settings(tree.get("model_config") or tree.get("net_config") or {})
        self.net_config = self.model_config
        self.log_config = Settings(tree.get("log_config", {}))
        seed_generators(given.seed)
        self.log = DeepLogger(**self.log_config)

    def update_log(self, clock_tick: Mapping[str, float], stats_tick: Mapping[str, float]) -> None:
        """Report one update."""
        self.log.update(clock_tick, stats_tick)


def get_configs_ready(
    default_config_fname: str = "configs/base_config.json",
    default_seed: int = 0,
    default_experiment_dir: str = "experiments/",
) -> tuple[Settings, Settings, Settings]:
    """The settings to train with, of the network, and of the log, as older scripts ask for them."""
    asked = MLExperiment(default_config_fname, default_experiment_dir, default_seed)
    return asked.train_config, asked.net_config, asked.log_config


def seed_generators(seed: int) -> None:
    """Seed the shared generators of Python, and of NumPy and torch where the script imported them before."""
    random.seed(seed)
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(seed)
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(seed)


def _parser(config: str, experiment_dir: str, seed: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("-config", "--config_fname", dest="config", default=config)
    parser.add_argument("-exp_dir", "--experiment_dir", dest="exp_dir", default=experiment_dir)
    parser.add_argument("-seed", "--seed_id", dest="seed", type=int, default=seed)
    parser.add_argument("-fold", type=int)
    parser.add_argument("-folds", type=int)
    return parser


def _pairs(words: list[str]) -> Settings:
    """What stands in ``-key value`` pairs; numbers where they look like numbers."""
    if len(words) % 2:
        sys.exit(f"these arguments are no pairs -key value: {' '.join(words)}")
    names = [word.lstrip("-") for word in words[::2]]
    return Settings(zip(names, map(_value, words[1::2]), strict=True))


def _value(word: str) -> Any:
    try:
        return float(word)
    except ValueError:
        return word


def _number(value: Any) -> float:
    """The number in a scalar of whatever library; mle-logging takes lists of one, too."""
    return float(value[0] if isinstance(value, list | tuple) else value)


def _read(file: str) -> dict[str, Any]:
    from mlkernel.config.files import read_config_file

    return dict(read_config_file(Path(file)).tree)
