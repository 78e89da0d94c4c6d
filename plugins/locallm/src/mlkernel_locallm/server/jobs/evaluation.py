"""How well the model does on the validation file."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from attrs import evolve

from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.server.jobs.job_options import job_method, job_options
from mlkernel_locallm.server.store.resources import Document
from mlkernel_locallm.tuning.method import make_objective
from mlkernel_locallm.tuning.objective import Row
from mlkernel_locallm.tuning.reinforcement import Grader

_UNTRAINED_STEP = 2**40
"""Beyond the steps of any training, so that answers are sampled by other random numbers than in training."""


class Evaluation:
    """The job's own loss, or in reinforcement the mean reward, on rows that it does not learn from."""

    def __init__(
        self, job: Document, network: Transformer, rows: Sequence[Row], grader: Grader | None
    ) -> None:
        method, options = job_method(job), job_options(job)
        given = job["method"][job["method"]["type"]]["hyperparameters"]
        if method == "rft":
            options = evolve(options, answers=max(2, int(given["eval_samples"])))
        self._interval = given.get("eval_interval")
        self._objective = make_objective(method, rows, options, network, grader)
        self._batch_size = options.batch_size

    def is_due(self, step: int) -> bool:
        """Whether the job asks for an evaluation after *step*, which need not end an epoch."""
        return self._interval is not None and step % self._interval == 0

    @torch.no_grad()
    def metrics(self, network: Transformer, step: int) -> dict[str, float]:
        """Means over all rows."""
        sums: dict[str, float] = {}
        for start in range(0, self._objective.size, self._batch_size):
            rows = range(start, min(start + self._batch_size, self._objective.size))
            loss = self._objective.loss(network, rows, _UNTRAINED_STEP + start)
            measured = {"loss": loss.value.item(), **loss.metrics}
            for name, value in measured.items():
                sums[f"valid_{name}"] = sums.get(f"valid_{name}", 0.0) + value * len(rows)
        return {name: value / self._objective.size for name, value in sums.items()}
