"""What is told of requests that fail: each trouble once, however many requests meet it."""

from __future__ import annotations

from typing import Any

from mlkernel_text.backends.errors import ProviderError

_TRIED_AGAIN = "request_tried_again"


class TroubleLog:
    """Tells when requests begin to fail in some way, and when the provider answers again.

    :param logger: a structlog logger.
    """

    def __init__(self, logger: Any = None) -> None:
        self._logger = logger
        self._told: set[tuple[str, str]] = set()

    def tried_again(self, error: ProviderError, seconds: float) -> None:
        """A request failed, and is sent again after so many *seconds*."""
        self._tell(_TRIED_AGAIN, error, seconds=round(seconds, 3))

    def given_up(self, error: ProviderError) -> None:
        """A request failed for good."""
        self._tell("request_failed", error)

    def answered(self) -> None:
        """A request was answered: whatever the trouble was, it is over."""
        is_over = any(event == _TRIED_AGAIN for event, _ in self._told)
        if is_over and self._logger is not None:
            self._logger.info("provider_answers_again")
        self._told.clear()

    def _tell(self, event: str, error: ProviderError, **details: Any) -> None:
        trouble = (event, error.kind)
        if trouble not in self._told and self._logger is not None:
            self._logger.warning(event, kind=error.kind, problem=error.message, **details)
        self._told.add(trouble)
