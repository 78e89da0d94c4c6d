"""The same answer to the same request, however often it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future

from starlette.requests import Request
from starlette.responses import Response

from mlkernel_locallm.server.http.api_error import ApiError, invalid
from mlkernel_locallm.server.store.answered_keys import AnsweredKeys, KeptAnswer

HEADER = "idempotency-key"
_LONGEST = 255


class Idempotency:
    """Answers a request once for each ``Idempotency-Key``.

    A repeated request with the same body gets the first answer, byte by byte, and waits for it while it is being made.
    With another body it is refused (422). Only successes are kept: what failed may be tried again.
    """

    def __init__(self, keys: AnsweredKeys) -> None:
        self._keys = keys
        self._pending: dict[tuple[str, str], tuple[str, Future[None]]] = {}

    async def answer(
        self, request: Request, fingerprint: str, make: Callable[[str | None], Awaitable[Response]]
    ) -> Response:
        """The kept answer, or the one that *make* makes.

        :param fingerprint: of the request's body.
        :param make: is given a name for what it creates, a function of the key, or ``None`` if the request has no key.
        """
        key = request.headers.get(HEADER)
        if key is None:
            return await make(None)
        if not 0 < len(key) <= _LONGEST:
            raise invalid(f"an Idempotency-Key has 1 to {_LONGEST} characters", HEADER)
        scope = request.url.path
        kept = await self._kept(scope, key, fingerprint)
        if kept is not None:
            return Response(kept.body, 200, {"idempotent-replayed": "true"}, kept.media_type)
        pending: Future[None] = Future()
        self._pending[scope, key] = (fingerprint, pending)
        try:
            response = await make(f"{scope} {key} {fingerprint}")
            if response.status_code == 200:
                media_type = response.headers["content-type"]
                answer = KeptAnswer(fingerprint=fingerprint, media_type=media_type, body=bytes(response.body))
                self._keys.save(scope, key, answer)
            return response
        finally:
            del self._pending[scope, key]
            pending.set_result(None)

    async def _kept(self, scope: str, key: str, fingerprint: str) -> KeptAnswer | None:
        """The answer to this key, after whoever makes it now; ``None``: nobody does, and the caller must."""
        while True:
            kept = self._keys.find(scope, key)
            if kept is not None:
                _must_be_the_same(kept.fingerprint, fingerprint, key)
                return kept
            if (scope, key) not in self._pending:
                return None
            theirs, pending = self._pending[scope, key]
            _must_be_the_same(theirs, fingerprint, key)
            # Shielded: who stops waiting must not take the answer from whoever makes it.
            await asyncio.shield(asyncio.wrap_future(pending))


def _must_be_the_same(first: str, now: str, key: str) -> None:
    if first != now:
        raise ApiError(
            422,
            f"the Idempotency-Key {key!r} was used for a request with another body; use a new key for a new request",
            param=HEADER,
            code="idempotency_key_reused",
        )
