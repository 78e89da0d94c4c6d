"""What a study is asked to do; its plain values are what the store keeps and what STUDY.toml says."""

from __future__ import annotations

from typing import Any, Literal

import attrs
from attrs import frozen

from mlkernel.config.choice import Choice, choice
from mlkernel.config.option import option
from mlkernel.launcher.launcher import Resources
from mlkernel.study.search_problem import Objective

Aggregate = Literal["mean", "median", "best", "worst", "p10", "p25", "p75", "p90"]


@frozen(kw_only=True)
class StudyConfig:
    """Configurations × seeds × points of a search space."""

    name: str | None = option(None, help="of the study; made from the trainer and the time unless given")
    trainer: str = option(
        help="a trainer's name or reference; package.module:function or ./file.py:function; a script such as ./train.py"
    )
    config: list[str] = option(factory=list, help="configuration files of the trainer, later ones over earlier ones")
    set: dict[str, Any] = option(factory=dict, help="values of the trainer's options that all trials share")
    space: dict[str, Any] = option(factory=dict, help="what is searched; without it, one trial per configuration")
    configurations: list[str] = option(factory=list, help="files, each of which is tried as a whole")
    algorithm: Choice = choice("search_algorithm", default="auto", help="what proposes points")
    scheduler: Choice = choice("trial_scheduler", default="fifo", help="what ends trials early")
    launcher: Choice = choice("launcher", default="local", help="where trials run")
    objectives: list[Objective] = option(factory=lambda: [Objective(metric="loss")], help="what is to be optimised")
    trials: int | None = option(None, help="how many, or none for as many as the space has", validator=attrs.validators.optional(attrs.validators.ge(1)))
    jobs: int = option(1, help="runs at the same time", validator=attrs.validators.optional(attrs.validators.ge(1)))
    seed: int = option(0, help="of the study")
    seeds: int | list[int] = option(1, help="runs of each trial, with seeds of their own; or the seeds themselves")
    folds: int | None = option(None, help="parts of the data: each run is told which one to leave out", validator=attrs.validators.optional(attrs.validators.ge(2)))
    aggregate: Aggregate = option("mean", help="how the runs of a trial become its value")
    result: Literal["final", "best", "mean"] = option("final", help="how the reports of a run become its value")
    max_step: float | None = option(None, help="the last step of a trial; schedulers need it")
    retries: int = option(1, help="how often a run that failed or was lost is tried again", validator=attrs.validators.optional(attrs.validators.ge(0)))
    resources: Resources = option(factory=Resources, help="of each run")
    reuse_workers: bool = option(True, help="whether a worker trains one run after the other")
    points_to_evaluate: list[dict[str, Any]] = option(factory=list, help="tried first")
    warm_start: list[str] = option(factory=list, help="earlier studies whose trials are known to the algorithm")
    refine_after: list[int] = option(factory=list, help="successful trials after which the space shrinks")
    refine_top_k: int = option(5, help="how many of the best trials the smaller space must hold", validator=attrs.validators.optional(attrs.validators.ge(2)))
    before: list[str] = option(factory=list, help="commands before the first trial")
    after: list[str] = option(factory=list, help="commands after the last trial")
