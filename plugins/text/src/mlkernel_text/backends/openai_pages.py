"""Lists that come in pages, read to a bound."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Any

from openai.pagination import AsyncCursorPage, AsyncPage

from mlkernel_text.backends.openai_errors import malformed, provider_errors


async def listed(first: Awaitable[Any], what: str, pages: int) -> AsyncIterator[Any]:
    """Yield what a list holds, each thing once.

    Ends after *pages*, and after a page that brought nothing new: a server that does not know ``after``, and does not
    say whether there is more, would give its first page for ever.

    :param first: the call that gets the first page.
    :param what: what is listed, for messages.
    """
    doing = f"list {what}"
    with provider_errors(doing):
        page = await first
    seen: set[str] = set()
    for number in range(1, pages + 1):
        if not isinstance(page, AsyncCursorPage | AsyncPage) or not isinstance(page.data, list):
            raise malformed(doing, "the answer is no list")
        new = [item for item in page.data if item.id not in seen]
        for item in new:
            seen.add(item.id)
            yield item
        if not new or number == pages or not page.has_next_page():
            return
        with provider_errors(doing):
            page = await page.get_next_page()
