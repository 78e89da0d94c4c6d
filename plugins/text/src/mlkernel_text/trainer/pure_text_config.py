"""The configuration that all pure-text trainers share."""

from pathlib import Path
from typing import Literal

from attrs import frozen
from attrs.validators import ge, lt, optional

from mlkernel import Choice, choice, option
from mlkernel_text.answers.budget_config import BudgetConfig
from mlkernel_text.answers.limits_config import LimitsConfig
from mlkernel_text.jobs.fine_tune_config import FineTuneConfig
from mlkernel_text.rollouts.sampling_config import SamplingConfig
from mlkernel_text.trainer.agent_config import AgentConfig
from mlkernel_text.trainer.guess_replacement_config import GuessReplacementConfig


@frozen(kw_only=True)
class PureTextConfig:
    """Everything but what a trainer learns from its rollouts."""

    scenario: Choice = choice("scenario", default="cards", help="The game that the agents play.")
    backend: Choice = choice("text_backend", default="locallm", help="The provider of their models.")
    agents: dict[str, AgentConfig] = option(
        factory=dict, help="Agent → its options; those of 'default' hold where an agent's own are null."
    )

    iterations: int = option(8, help="Rounds of sampling and fine-tuning.", validator=ge(1))
    episodes: int = option(256, help="Episodes sampled in an iteration.", validator=ge(1))
    train_instances: int | None = option(
        None, help="Use only the first so many training problems.", validator=optional(ge(1))
    )
    fine_tune_on: Literal["newest", "all"] = option(
        "newest", help="Train on the newest rollouts, or on those of all iterations so far."
    )
    fine_tune: FineTuneConfig = option(factory=FineTuneConfig, help="Fine-tune jobs.")
    keep_models: bool = option(
        True,
        help="Whether the provider keeps models that no agent speaks with any more; rerun_tests_of needs them.",
    )
    validation_share: float = option(
        0.0, help="Share of the rows that a job is given for validation.", validator=[ge(0), lt(1)]
    )
    guess_replacement: GuessReplacementConfig = option(
        factory=GuessReplacementConfig, help="Replacing guesses of the decider by the truth."
    )

    test_scheme: Literal["none", "all", "last", "first-and-last"] = option(
        "all", help="Which models are tested: those before each iteration and the last, or a choice of them."
    )
    test_split: Literal["test", "validation"] = option("test", help="The problems that tests use.")
    test_episodes: int | None = option(
        512,
        help="Episodes of a test, each on another problem; null: the whole split.",
        validator=optional(ge(1)),
    )

    sampling: SamplingConfig = option(factory=SamplingConfig, help="How episodes are sampled.")
    limits: LimitsConfig = option(factory=LimitsConfig, help="How fast the provider is asked.")
    budget: BudgetConfig = option(factory=BudgetConfig, help="What the run may spend.")

    rerun_tests_of: Path | None = option(
        None, help="A run directory: train nothing, and test that run's models with this run's test options."
    )
    transcripts: int = option(
        20, help="Episodes of each iteration and test that are kept as readable text.", validator=ge(0)
    )
    learning_curve: bool = option(
        True, help="Draw test accuracy over iterations in artifacts/learning-curve.png (needs matplotlib)."
    )
