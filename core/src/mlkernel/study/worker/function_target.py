"""Functions: ``f(config)`` returns what it measured, ``f(config, reporter)`` reports it while it trains."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlkernel.errors import RunStopped
from mlkernel.run.random_stream import seed_global_generators
from mlkernel.study.worker.abilities import Abilities
from mlkernel.study.worker.context_arguments import (
    NAMES,
    context_arguments,
    last_step,
    signature_of,
    source_folder,
    wanted_context,
)
from mlkernel.study.worker.messages import TrainRun
from mlkernel.study.worker.point import nested_config
from mlkernel.study.worker.run_reports import Ending, RunReports, TargetError

ACCEPTED = f"A function is f(config) or f(config, reporter); it may also have parameters {', '.join(NAMES)}."


class Reporter:
    """What a function reports with: ``reporter(loss=0.3)``, ``reporter(step=10, loss=0.3, accuracy=0.9)``."""

    def __init__(self, order: TrainRun, reports: RunReports) -> None:
        self.seed = order.seed
        """Of the run; Python's and NumPy's shared generators were seeded with it."""
        self.fold = order.fold
        """The part of the data to leave out, from 0; ``None`` if the study has no folds."""
        self.folds = order.folds
        """How many parts there are."""
        self.directory = Path(order.directory)
        """The run's own folder, the same in every attempt."""
        self.attempt = order.attempt
        """1 the first time; a function that kept something in its folder may go on from there."""
        self.max_step = last_step(order)
        """The step up to which it is to be trained now; ``None`` if the study has no ``max_step``."""
        self.source = source_folder(order)
        """The folder of another run that this one shall go on from (population-based training)."""
        self._reports = reports

    def __call__(
        self, metrics: Mapping[str, Any] | None = None, /, *, step: float | None = None, **named: Any
    ) -> None:
        """Report numbers, the study's metric among them.

        :param step: larger than that of the report before; counted from 1 unless given.
        :raises RunStopped: the run ends here; it is no ``Exception``, so that ``except Exception`` lets it pass.
        """
        ending = self._reports.report({**(metrics or {}), **named}, step)
        if ending is not None:
            raise RunStopped(ending.reason or ending.state)


class FunctionTarget:
    """Calls a function."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self._function = function
        self._name = name
        self._takes_reporter = _takes_reporter(function, name)
        self._context = wanted_context(function)

    @property
    def abilities(self) -> Abilities:
        """It keeps nothing by itself; what it has parameters for, it can do."""
        ends_at_steps = self._takes_reporter or "max_step" in self._context
        return Abilities(ends_at_steps=ends_at_steps, resumes=False, copies="source" in self._context)

    def train(self, order: TrainRun, reports: RunReports) -> Ending | None:
        """Call it, and report what it returns."""
        arguments: list[Any] = [nested_config(order)]
        if self._takes_reporter:
            arguments.append(Reporter(order, reports))
        seed_global_generators(order.seed)
        try:
            with reports.answering_signals():
                returned = self._function(*arguments, **context_arguments(self._context, order))
        except RunStopped:
            return reports.ending_after_stop()
        return self._report_returned(returned, order, reports)

    def close(self) -> None:
        """Nothing is kept from run to run."""

    def _report_returned(self, returned: Any, order: TrainRun, reports: RunReports) -> Ending | None:
        """A value that was reported last and is returned, too, counts once.

        The only value of a function that is told how far to train belongs to the step up to which it was to.
        """
        metrics = self._metrics(returned, [metric for metric, _ in order.objectives])
        values = tuple(metrics.get(metric) for metric, _ in order.objectives)
        if values == reports.values:
            metrics = {name: metrics[name] for name in metrics.keys() - dict(order.objectives).keys()}
        is_told = "max_step" in self._context and not reports.count
        ending = reports.report_last(metrics, last_step(order) if is_told else None)
        # What has returned is over, also where its worker has to go.
        return None if ending is None or ending.leaves else ending

    def _metrics(self, returned: Any, objectives: list[str]) -> Mapping[str, Any]:
        if returned is None:
            return {}
        if isinstance(returned, Mapping):
            return returned
        values = returned if isinstance(returned, tuple | list) else [returned]
        if len(values) == len(objectives) and not isinstance(returned, str):
            return dict(zip(objectives, values, strict=True))
        raise TargetError(
            f"{self._name} returned {returned!r:.80}, and the study asks for {', '.join(objectives)}",
            hint="Return a number for each objective, or a dictionary of metrics.",
        )


def _takes_reporter(function: Callable[..., Any], name: str) -> bool:
    """Whether it is called with a reporter.

    :raises TargetError: its parameters are others than those that functions have.
    """
    signature = signature_of(function)
    if signature is None:
        return False
    named = {key: one for key, one in signature.parameters.items() if key not in NAMES}
    positional = [
        one for one in named.values() if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    required = [one.name for one in named.values() if one.default is one.empty and not _is_variadic(one)]
    takes_reporter = len(positional) > 1 and (
        positional[1].default is inspect.Parameter.empty or positional[1].name == "reporter"
    )
    if not positional or set(required) - {one.name for one in positional[: 1 + takes_reporter]}:
        raise TargetError(f"{name}{signature} cannot be called as the target of a study", hint=ACCEPTED)
    return takes_reporter


def _is_variadic(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
