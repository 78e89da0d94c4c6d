"""Whether a back end has what a trainer needs, and which others do."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from importlib.metadata import entry_points

from mlkernel import KernelError, UsageError, resolve
from mlkernel_text.backends.backend import Capabilities, TextBackend, TrainingMethod


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
