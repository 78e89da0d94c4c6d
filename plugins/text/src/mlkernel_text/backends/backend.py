"""What a language-model provider must be able to do, and the values that pass to and from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from attrs import Factory, frozen

from mlkernel import FineTuneJob, FineTuneRequest
from mlkernel_text.chat import ChatMessage
from mlkernel_text.scenario.curriculum import Curriculum

SampleOutcome = Literal["ok", "length", "refused", "filtered", "overlong", "error"]
"""How a generation ended: ``length`` was cut at its token limit, ``overlong`` did not fit into the model's context."""

TrainingMethod = Literal["sft", "dpo", "rft", "grpo"]
"""Supervised; preference pairs; reinforcement with a grader at the provider; clipped policy gradient on our rewards."""


@frozen(kw_only=True)
class Capabilities:
    """What a back end can do. A trainer asks before it starts, and says what is missing and who has it."""

    methods: frozenset[TrainingMethod] = frozenset()
    """Training methods; empty where a provider only samples."""
    continue_tuned: bool = False
    """Whether a tuned model can be tuned further."""
    row_weight: Literal["none", "binary", "float"] = "none"
    """Weights of training rows that are honoured; elsewhere rows are resampled by weight."""
    min_rows: int = 1
    """Fewest rows of a training file."""
    learning_rate: Literal["multiplier", "absolute"] = "multiplier"
    """Unit of the option ``learning_rate`` at the provider."""
    seed: bool = False
    """Whether a seed makes a generation repeatable."""
    n: bool = False
    """Whether several answers to one prompt come from one request."""
    logprobs: bool = False
    """Whether answers come with log-probabilities of their tokens."""
    metered: bool = True
    """Whether generations cost something, so that answers are kept and never asked for twice."""
    cancel: bool = False
    """Whether jobs can be cancelled."""
    checkpoints: bool = False
    """Whether jobs leave models of intermediate steps."""
    deploy: bool = False
    """Whether a tuned model must be deployed before it answers."""
    tuned_names: str = ""
    """How names of tuned models begin, with ``{model}`` for the base model's; empty where that is not known before."""
    validates_rft: bool = False
    """Whether a job by ``rft`` must have rows for validation."""


@frozen(kw_only=True)
class Usage:
    """What one request cost."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    """In the currency of the configured prices, US dollars by convention; 0.0 where no price is known."""


@frozen(kw_only=True)
class SampleRequest:
    """Ask for *n* answers to one chat."""

    key: str
    """Unique for this piece of work and stable over attempts; sent as idempotency key where the provider has one."""
    model: str
    chat: tuple[ChatMessage, ...]
    n: int = 1
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    seed: int | None = None
    """Non-negative, below 2**63. Where seeds are honoured, answer *j* is a function of the request and *j*."""
    logprobs: bool = False
    extra: Mapping[str, Any] = Factory(dict)
    """Further fields of the provider's request body."""


@frozen(kw_only=True)
class Sample:
    """One answer."""

    outcome: SampleOutcome
    text: str = ""
    tokens: tuple[int, ...] | None = None
    """Token ids, where the back end knows them and ``logprobs`` was asked for."""
    logprobs: tuple[float, ...] | None = None
    """Natural-log probability of each token at temperature 1."""
    problem: str | None = None
    """Why the outcome is not ``ok``."""


@frozen(kw_only=True)
class SampleResult:
    """The answers to one request, ``request.n`` of them."""

    samples: tuple[Sample, ...]
    usage: Usage | None = None
    """``None`` where the provider reports none; it is then estimated."""


@frozen(kw_only=True)
class Estimate:
    """The most that a request or a job may cost."""

    tokens: int
    cost: float = 0.0


class TextBackend(Protocol):
    """A provider of models. Its factory is called as ``factory(config, context)``.

    Methods are called from one event loop, many at once. One call is one try: what goes wrong is raised as a
    :class:`mlkernel_text.backends.errors.ProviderError`, which says whether and when to try again; retries, limits,
    budgets and the cache lie in front of the back end and are the same for all. What concerns only one answer (a
    refusal, a filter, a cut text) is an outcome and is not raised.
    """

    name: str
    """Under which it was chosen; the provider in fine-tune requests."""
    capabilities: Capabilities

    async def prepare(self, curriculum: Curriculum | None) -> str:
        """Make ready to answer, and name the model that agents use unless they are given one.

        :param curriculum: the scenario's demonstrations, for back ends that make their own base model.
        """

    async def sample(self, request: SampleRequest) -> SampleResult:
        """Answer a chat."""

    def estimate(self, what: SampleRequest | FineTuneRequest) -> Estimate:
        """The most that it may cost, without asking anyone."""

    async def submit(self, request: FineTuneRequest, uploaded: str | None = None) -> FineTuneJob:
        """Create the job ``request.key``. Only called after :meth:`find` found none.

        :param uploaded: the training file's name at the provider, if it was uploaded before.
        """

    async def upload(self, request: FineTuneRequest) -> str:
        """Upload the training file (and validation file); return the provider's name of it, a JSON text if several."""

    async def find(self, key: str) -> FineTuneJob | None:
        """The job with this key, if one was created; searched at the provider, within a bounded number of pages."""

    async def poll(self, job: FineTuneJob) -> FineTuneJob:
        """The job as it is now."""

    async def events(self, job: FineTuneJob, after: str | None = None) -> list[Mapping[str, Any]]:
        """What the provider tells of the job, oldest first; each has ``id``, ``created_at``, ``level``, ``message``."""

    async def checkpoints(self, job: FineTuneJob) -> list[Mapping[str, Any]]:
        """Models of intermediate steps, each with ``step``, ``model``, ``metrics``."""

    async def cancel(self, job: FineTuneJob) -> FineTuneJob:
        """Cancel the job; one that has ended is returned as it is."""

    async def ensure_servable(self, model: str) -> str:
        """Make *model* answer (deploy it, load it) and return the name to sample from."""

    async def release(self, model: str) -> None:
        """*model* is not needed any more."""

    async def aclose(self) -> None:
        """Close connections."""
