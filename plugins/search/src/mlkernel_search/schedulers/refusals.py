"""What schedulers cannot do, said before the first trial starts."""

from __future__ import annotations

from mlkernel import ConfigError, SearchProblem


def refuse_several_objectives(problem: SearchProblem, name: str) -> None:
    """Refuse a trade-off, in which no trial is simply the better one.

    :raises ConfigError: the problem has several objectives.
    """
    if len(problem.objectives) > 1:
        metrics = ", ".join(objective.metric for objective in problem.objectives)
        raise ConfigError(
            f"the trial scheduler {name!r} compares trials by one objective, not by {metrics}",
            hint="Choose the scheduler fifo, or a single objective.",
        )


def required_max_step(problem: SearchProblem, name: str) -> float:
    """The last step of the problem's trials.

    :raises ConfigError: the problem does not say.
    """
    if problem.max_step is None:
        raise ConfigError(
            f"the trial scheduler {name!r} divides up the steps of a trial, whose number max_step does not tell",
            hint="Give the study max_step, in the unit of the steps that trials report.",
        )
    return problem.max_step
