"""One promise of a component, as something that can be called, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from attrs import frozen

Outcome = Literal["passed", "failed", "failed as expected", "passed unexpectedly"]
"""The two last are of checks that are declared to fail."""


class CheckFailed(AssertionError):  # noqa: N818 - says what happened, as RunStopped does
    """A component broke a promise; the message says which, and how to keep it."""


@frozen
class Check:
    """A check of one component, made by the generator of its kind."""

    name: str
    """Stable, for ``expected_failures``; reads as a sentence about the component."""
    function: Callable[[], None]

    def __call__(self) -> None:
        """Check.

        :raises CheckFailed: the component breaks the promise.
        """
        self.function()


@frozen(kw_only=True)
class CheckResult:
    """What came of a check."""

    name: str
    outcome: Outcome
    message: str = ""
    """Why it failed, or why it was expected to."""

    @property
    def passed(self) -> bool:
        """Whether this is as it should be: a declared failure that does not happen is not."""
        return self.outcome in {"passed", "failed as expected"}


def expect(condition: bool, message: str) -> None:
    """Fail with *message* unless *condition* holds.

    :raises CheckFailed: it does not.
    """
    if not condition:
        raise CheckFailed(message)
