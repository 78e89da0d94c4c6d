"""What a provider's failure means for whoever called it."""

from __future__ import annotations

from typing import Literal

from mlkernel import KernelError

ProviderErrorKind = Literal[
    "rate_limit",  # asked too fast: wait and ask again
    "timeout",  # no answer in time; what was asked may have been done
    "connection",  # no connection, or it broke; what was asked may have been done
    "server",  # the provider failed (5xx); what was asked may have been done
    "malformed",  # the answer cannot be read; what was asked has probably been done
    "daily_limit",  # a quota that fills again at a known time
    "quota",  # no money left, billing is inactive
    "auth",  # the key is missing, wrong or lacks a right
    "not_found",  # no such model, file or job
    "bad_request",  # the provider refuses the request as such
    "moderation",  # a training file was blocked
    "unsupported",  # the back end cannot do this
]

RETRYABLE: frozenset[ProviderErrorKind] = frozenset(
    {"rate_limit", "timeout", "connection", "server", "malformed"}
)
"""Failures that another try may mend."""
AMBIGUOUS: frozenset[ProviderErrorKind] = frozenset({"timeout", "connection", "server", "malformed"})
"""Failures after which nobody knows whether the provider did what it was asked."""


class ProviderError(KernelError):
    """A call to a provider failed.

    :param message: what happened; never holds a key or a header.
    :param kind: what it means.
    :param retry_after: seconds after which the provider wants to be asked again, if it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: ProviderErrorKind,
        retry_after: float | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind: ProviderErrorKind = kind
        self.retry_after = retry_after

    @property
    def is_retryable(self) -> bool:
        """Whether another try may succeed."""
        return self.kind in RETRYABLE

    @property
    def is_ambiguous(self) -> bool:
        """Whether the provider may have done what it was asked."""
        return self.kind in AMBIGUOUS
