"""What a run leaves for people: transcripts, the learning curve, its parameters, and a last word."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mlkernel import Run, UsageError, draw_learning_curve
from mlkernel_text.backends.backend import Estimate
from mlkernel_text.rollouts.episode import Episode
from mlkernel_text.rollouts.transcripts import write_transcripts
from mlkernel_text.scenario.scenario import Scenario, Split
from mlkernel_text.trainer.pure_text_config import PureTextConfig


class RunRecords:
    """Keeps what people want to look at."""

    def __init__(self, run: Run, scenario: Scenario, config: PureTextConfig) -> None:
        self._run = run
        self._scenario = scenario
        self._config = config
        self._tests: dict[str, float] = {}

    def begin(self) -> None:
        """Keep the parameters, as a file that ``kernel run --config`` takes."""
        plan = self._run.plan
        parameters = {**plan.config, "trainer": {"use": plan.trainer.reference, **plan.config["trainer"]}}
        with self._run.artifact("parameters.json") as path:
            path.write_text(json.dumps(parameters, indent=2) + "\n", encoding="utf-8")
        prompts_hash = getattr(self._scenario, "prompts_hash", None)
        if prompts_hash is not None:
            self._run.note("hash of the prompts", prompts_hash[:16])

    def keep_transcripts(self, episodes: Sequence[Episode], split: Split, iteration: int) -> None:
        """Keep the first episodes as readable text."""
        if self._config.transcripts and episodes:
            with self._run.artifact(f"transcripts/{split}-{iteration:04d}.md") as path:
                write_transcripts(episodes[: self._config.transcripts], self._scenario, path)

    def note_test(self, iteration: int, accuracy: float) -> None:
        """Remember a test's result."""
        self._tests[str(iteration)] = accuracy

    def note_spent(self, spent: Estimate) -> None:
        """Tell what was spent so far, jobs and answers together."""
        self._run.note("spent", {"tokens": spent.tokens, "cost": round(spent.cost, 6)})

    def finish(self, models: Mapping[str, str]) -> None:
        """Draw the curve, and say what came out."""
        self._draw_learning_curve()
        self._run.note("models", dict(models))
        if self._tests:
            accuracies = (self._tests[number] for number in sorted(self._tests, key=int))
            course = " → ".join(f"{value:.3f}" for value in accuracies)
            self._run.note("test accuracy", course)
            self._run.logger.info("test accuracy", course=course)

    def state_dict(self) -> dict[str, float]:
        """Results of tests by iteration."""
        return dict(self._tests)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state_dict` gave."""
        self._tests = {number: float(value) for number, value in state.items()}

    def _draw_learning_curve(self) -> None:
        if not self._config.learning_curve or len(self._tests) < 2:
            return
        title = f"{self._run.plan.trainer.name}: test accuracy of the {self._scenario.decider}"
        try:
            with self._run.artifact("learning-curve.png") as path:
                draw_learning_curve(path, [self._run.directory], "test_accuracy", title=title, phase="test")
        except UsageError as error:  # a missing library must not fail a run that has learnt
            self._run.logger.warning("no learning curve was drawn", reason=str(error))
