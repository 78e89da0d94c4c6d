"""What the failures of OpenAI's client mean."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

import httpx2
import openai

from mlkernel_text.backends.connection_failure import connection_failure
from mlkernel_text.backends.errors import ProviderError, ProviderErrorKind

_KINDS_BY_CODE: dict[str, ProviderErrorKind] = {
    "insufficient_quota": "quota",
    "billing_not_active": "quota",
    "billing_hard_limit_reached": "quota",
    "exceeded_quota": "quota",
    "rate_limit_exceeded": "rate_limit",
    "daily_rate_limit_exceeded": "daily_limit",
    "invalid_api_key": "auth",
    "model_not_found": "not_found",
    "unsafe_training_file": "moderation",
}
_KINDS_BY_STATUS: dict[int, ProviderErrorKind] = {
    401: "auth",
    402: "quota",
    403: "auth",
    404: "not_found",
    408: "timeout",
    409: "server",
    429: "rate_limit",
}
_DAILY = re.compile(r"\b(per|a|each) day\b|\bdaily\b|\bRPD\b|\bTPD\b", re.IGNORECASE)
_FLAGGED = re.compile(r"too many examples were flagged|moderation|unsafe|usage policies", re.IGNORECASE)
_HINTS: dict[ProviderErrorKind, str] = {
    "auth": "The environment variable that the back end's option api_key_env names must hold a key that may do this.",
    "quota": "Pay, or raise the limit, at the provider; then kernel resume goes on.",
    "not_found": "Compare the name with those that the provider lists.",
}
_UNREADABLE = (ValueError, TypeError, AttributeError, KeyError)
"""What the client raises over an answer that is not of the form it expects, such as a page of HTML."""
DAILY_PAUSE = 3600.0
"""Seconds until a daily limit is tried again when the provider does not say how long it lasts."""
_SHOWN = 500
_KEY = re.compile(r"\b(sk|pk|api)[-_][\w*.-]{6,}|\bBearer \S+")
_NAMES_A_KEY = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_key_variables: set[str] = set()


@contextmanager
def provider_errors(doing: str) -> Iterator[None]:
    """Turn everything that the client raises into :class:`ProviderError`.

    :param doing: what was tried, for the message, such as ``"create the fine-tune job"``.
    """
    try:
        yield
    except ProviderError:
        raise
    except (openai.OpenAIError, httpx2.HTTPError, *_UNREADABLE) as error:
        # Without the cause: it holds the request, whose headers hold the key.
        raise _translated(error, doing) from None


def _translated(error: Exception, doing: str) -> ProviderError:
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, doing)
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return ProviderError(f"cannot {doing}: no answer in time", kind="timeout")
    if isinstance(error, openai.APIConnectionError | httpx2.HTTPError):
        return ProviderError(f"cannot {doing}: {without_keys(connection_failure(error))}", kind="connection")
    if isinstance(error, (openai.APIResponseValidationError, *_UNREADABLE)):
        return malformed(doing, "the answer is no JSON of the expected form")
    return ProviderError(f"cannot {doing}: {without_keys(str(error))}", kind="bad_request")


def malformed(doing: str, problem: str) -> ProviderError:
    """An answer that cannot be read."""
    return ProviderError(f"cannot {doing}: {problem}", kind="malformed")


def _of_status(error: openai.APIStatusError, doing: str) -> ProviderError:
    kind = _kind(error)
    retry_after = retry_after_of(error.response.headers)
    if kind == "daily_limit" and retry_after is None:
        retry_after = DAILY_PAUSE
    message = without_keys(message_of(error))
    return ProviderError(
        f"cannot {doing}: {error.status_code} {message}",
        kind=kind,
        retry_after=retry_after,
        hint=_HINTS.get(kind),
    )


def _kind(error: openai.APIStatusError) -> ProviderErrorKind:
    kind = _KINDS_BY_CODE.get(error.code or "") or _KINDS_BY_CODE.get(error.type or "")
    if kind is None:
        kind = kind_of_status(error.status_code)
    if kind == "rate_limit" and _DAILY.search(message_of(error)):
        return "daily_limit"
    if kind == "bad_request" and _FLAGGED.search(message_of(error)):
        return "moderation"
    return kind


def kind_of_status(status: int) -> ProviderErrorKind:
    """What an HTTP status means where nothing else is known."""
    return _KINDS_BY_STATUS.get(status) or ("server" if status >= 500 else "bad_request")


def message_of(error: openai.APIStatusError) -> str:
    """What the provider says, without the rest of the answer."""
    body = error.body
    said = body.get("message") if isinstance(body, Mapping) else None
    return str(said if said is not None else body or error.message)


def retry_after_of(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds that the provider asks to wait: ``retry-after-ms``, or ``Retry-After`` as seconds or as a date.

    :param now: Unix time, for tests.
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    return max(0.0, date.timestamp() - (time.time() if now is None else now))


def key_from(variable: str | None) -> str | None:
    """The value of an environment variable, which :func:`without_keys` hides from now on, whatever it is called."""
    if variable is None:
        return None
    _key_variables.add(variable)
    return os.environ.get(variable)


def without_keys(text: str) -> str:
    """The beginning of *text* without keys: whatever looks like one, or is the value of a variable that holds one."""
    for name, value in os.environ.items():
        if len(value) >= 8 and (name in _key_variables or _NAMES_A_KEY.search(name)):
            text = text.replace(value, "***")
    return _KEY.sub("***", text)[:_SHOWN]  # cut afterwards: half a key would not be known as one


def is_overlong(error: openai.APIStatusError) -> bool:
    """Whether a chat did not fit into the model's context."""
    return error.code == "context_length_exceeded" or (
        error.status_code in {400, 413} and "context length" in message_of(error).lower()
    )


def is_filtered(error: openai.APIStatusError) -> bool:
    """Whether a filter refused a chat before the model saw it."""
    codes = {"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"}
    return error.status_code == 400 and (error.code in codes or (error.type or "") in codes)
