"""What a study is asked to do; its plain values are what the store keeps and what STUDY.toml says."""

from functools import cached_property
from typing import Any, Literal

from attrs import field, frozen, validators

from mlkernel.config.choice import Choice, choice
from mlkernel.config.option import option
from mlkernel.errors import UsageError
from mlkernel.launcher.launcher import Resources
from mlkernel.study.search_problem import Objective
from mlkernel.study.study_name import check_study_name

Aggregate = Literal["mean", "median", "best", "worst", "p10", "p25", "p75", "p90"]
Result = Literal["final", "best", "mean"]


def _objectives() -> list[Objective]:
    return [Objective(metric="loss")]


def _differ(_: Any, __: Any, objectives: list[Objective]) -> None:
    metrics = [one.metric for one in objectives]
    if "" in metrics:
        raise ValueError("a metric needs a name")
    if repeated := sorted({metric for metric in metrics if metrics.count(metric) > 1}):
        raise ValueError(f"repeats {', '.join(repeated)}")


def _names_a_folder(_: Any, __: Any, name: str) -> None:
    try:
        check_study_name(name)
    except UsageError as error:
        raise ValueError(error.message) from error


def _make_runs(_: Any, __: Any, seeds: int | list[int]) -> None:
    if isinstance(seeds, int):
        if seeds < 1:
            raise ValueError(f"must be >= 1: {seeds}")
        return
    if not seeds:
        raise ValueError("must not be empty")
    if min(seeds) < 0:
        raise ValueError(f"a seed must be >= 0: {min(seeds)}")
    if repeated := sorted({seed for seed in seeds if seeds.count(seed) > 1}):
        raise ValueError(f"repeats {', '.join(map(str, repeated))}")


@frozen(kw_only=True)
class StudyConfig:
    """Configurations, seeds and points of a search space."""

    name: str | None = option(
        None,
        help="Of the study; made from the trainer and the time unless given.",
        validator=validators.optional(_names_a_folder),
    )
    trainer: str = option(
        help="A trainer's name or reference; package.module:function or ./file.py:function; or a script."
    )
    config: list[str] = option(
        factory=list, help="Configuration files of the trainer; later ones lie over earlier ones."
    )
    set: dict[str, Any] = option(
        factory=dict, help="Values of the trainer's options that all trials share, by their paths."
    )
    space: dict[str, Any] = option(
        factory=dict, help="What is searched; without it, one trial per configuration."
    )
    configurations: list[str] = option(
        factory=list, help="Files, each of which is tried as a whole, over those of config."
    )
    algorithm: Choice = choice(
        "search_algorithm",
        default="auto",
        help="What proposes points.",
        packages={"auto": "mlkernel-search"},
    )
    scheduler: Choice = choice("trial_scheduler", default="fifo", help="What ends trials early.")
    launcher: Choice = choice("launcher", default="local", help="Where trials run.")
    objectives: list[Objective] = field(
        factory=_objectives,
        validator=[validators.min_len(1), _differ],
        metadata={"mlkernel.help": "What is to be optimised: metrics, and min or max for each."},
    )
    trials: int | None = option(
        None,
        help="How many, or none for as many as the space has.",
        validator=validators.optional(validators.ge(1)),
    )
    jobs: int = option(1, help="Runs at the same time.", validator=validators.ge(1))
    seed: int = option(0, help="Of the study: all proposals follow from it.", validator=validators.ge(0))
    seeds: int | list[int] = option(
        1,
        help="Runs of each trial, with the seeds seed, seed + 1 and so on; or the list of the seeds.",
        validator=_make_runs,
    )
    folds: int | None = option(
        None,
        help="Parts of the data: each run is told which one to leave out.",
        validator=validators.optional(validators.ge(2)),
    )
    aggregate: Aggregate = option("mean", help="How the runs of a trial become its value.")
    result: Result = option("final", help="How the reports of a run become its value.")
    max_step: float | None = option(
        None,
        help="The last step of a trial; most schedulers need it.",
        validator=validators.optional(validators.gt(0)),
    )
    retries: int = option(
        1, help="How often a run that failed or was lost is tried again.", validator=validators.ge(0)
    )
    resources: Resources = option(factory=Resources, help="Of each run.")
    reuse_workers: bool = option(True, help="Whether a worker process trains one run after the other.")
    points_to_evaluate: list[dict[str, Any]] = option(factory=list, help="Points that are tried first.")
    warm_start: list[str] = option(
        factory=list, help="Earlier studies whose trials are known to the algorithm from the start."
    )
    refine_after: list[int] = option(
        factory=list, help="Numbers of successful trials after which the space shrinks around the best."
    )
    refine_top_k: int = option(
        5, help="How many of the best trials the smaller space must hold.", validator=validators.ge(2)
    )
    before: list[str] = option(
        factory=list, help="Commands before the first trial; {directory} in them is the study's folder."
    )
    after: list[str] = option(factory=list, help="Commands after the last trial, written in the same way.")
    script_arguments: Literal["mle-toolbox", "none"] = option(
        "mle-toolbox",
        help="What a script is called with: -exp_dir FOLDER -config FILE -seed N, or none of these.",
    )
    script_options: dict[str, Any] = option(
        factory=dict, help="Further arguments of a script, written -KEY VALUE."
    )
    directory: str | None = option(
        None, help="The folder in which trials start; that of the command unless given."
    )

    def run_seeds(self) -> list[int]:
        """The seeds of the runs of each trial."""
        if isinstance(self.seeds, list):
            return self.seeds
        return [self.seed + place for place in range(self.seeds)]

    @cached_property
    def runs_of_a_trial(self) -> tuple[tuple[int, int | None], ...]:
        """Seed and fold of each run of a trial, in the order of their places."""
        folds: list[int | None] = [None] if self.folds is None else list(range(self.folds))
        return tuple((seed, fold) for seed in self.run_seeds() for fold in folds)
