"""Whether a back end has what a trainer needs, and which others do; asked before anything is paid for."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from importlib.metadata import entry_points

from mlkernel import KernelError, UsageError, resolve
from mlkernel_text.answers.budget import Budget
from mlkernel_text.backends.backend import Capabilities, SampleRequest, TextBackend, TrainingMethod


def check_capabilities(
    backend: TextBackend, trainer: str, *, methods: AbstractSet[TrainingMethod], logprobs: bool = False
) -> None:
    """Refuse a back end that lacks something.

    :param methods: training methods that are needed.
    :param logprobs: whether log-probabilities of samples are needed.
    :raises UsageError: with what is missing, and the installed back ends that have it.
    """
    missing = _missing(backend.capabilities, methods, logprobs)
    if missing:
        raise UsageError(
            f"the back end {backend.name!r} does not offer {' and '.join(missing)}, which {trainer} needs",
            hint=f"{_who_has(methods, logprobs)} prompt-evolution needs samples only, and trains prompts.",
        )


def check_validation(backend: TextBackend, methods: AbstractSet[TrainingMethod], share: float) -> None:
    """Refuse to train by ``rft`` without rows for validation where they are a must.

    :param share: of the rows that are set aside.
    :raises UsageError: there would be none.
    """
    if "rft" in methods and backend.capabilities.validates_rft and not share:
        raise UsageError(
            f"jobs of the back end {backend.name!r} by rft must have rows for validation, and validation_share is 0",
            hint="Set it, such as validation_share=0.1.",
        )


def check_tuned_prices(backend: TextBackend, budget: Budget, base_models: Iterable[str]) -> None:
    """Refuse a cap on costs if what models tuned from *base_models* cost is not known.

    Where nobody knows what they will be called, the first request to one is refused instead.

    :raises UsageError: with a pattern that is missing.
    """
    names = backend.capabilities.tuned_names
    if budget.max_cost is None or not backend.capabilities.metered or not names:
        return
    for model in sorted(set(base_models)):
        beginning = names.format(model=_root(model))
        probe = SampleRequest(key="price", model=f"{beginning}:", chat=())
        if not budget.prices.may_find(beginning) and not backend.estimate(probe).cost:
            raise UsageError(
                f"budget.max_cost is {budget.max_cost}, and what models tuned from {model!r} cost is not known: no"
                f" pattern of budget.prices fits {beginning}...",
                hint=f'Add "{beginning}*" with three prices per million tokens, or set budget.max_tokens instead.',
            )


def _root(model: str) -> str:
    """The model from which *model* was tuned, if its name tells it as OpenAI's names do."""
    return model.split(":")[1] if model.startswith("ft:") else model


def _missing(has: Capabilities, methods: AbstractSet[TrainingMethod], logprobs: bool) -> list[str]:
    missing = [f"fine-tuning by {method}" for method in sorted(methods - has.methods)]
    return [*missing, "log-probabilities of samples"] if logprobs and not has.logprobs else missing


def _who_has(methods: AbstractSet[TrainingMethod], logprobs: bool) -> str:
    """A sentence that names the installed back ends which would do, as far as their classes tell."""
    able = []
    for name in sorted({point.name for point in entry_points(group="mlkernel.text_backends")}):
        try:
            has = getattr(resolve("text_backend", name).factory(), "capabilities", None)
        except (KernelError, ImportError):  # one that cannot be loaded cannot be recommended
            continue
        if isinstance(has, Capabilities) and not _missing(has, methods, logprobs):
            able.append(name)
    return f"These do: {', '.join(able)}." if able else "No installed back end does."
