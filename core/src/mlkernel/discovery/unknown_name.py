"""What to say when a name leads nowhere: what comes close, what there is, and what stands in the way."""

from __future__ import annotations

from difflib import get_close_matches

from mlkernel.discovery.allow_and_block import PluginPolicy, policy_file
from mlkernel.discovery.entry_point_index import EntryPointIndex
from mlkernel.discovery.entry_point_row import EntryPointRow
from mlkernel.errors import UnknownNameError

_LISTED = 12
"""Names in one message; `kernel plugin list` has the rest."""


def unknown_kind(kind: str, index: EntryPointIndex) -> UnknownNameError:
    """No installed distribution declares the kind of component *kind*."""
    names = [row.name for row in index.kinds()]
    return UnknownNameError(
        f"there is no kind of component {kind!r}{_did_you_mean(kind, names)}",
        hint=f"Known kinds: {', '.join(names)}.",
    )


def blocked_name(kind: str, row: EntryPointRow, policy: PluginPolicy) -> UnknownNameError:
    """The component exists and may not be used."""
    reason = policy.reason_against(kind, row)
    entry = next((name for name in policy.names_of(kind, row) if name in policy.blocked), None)
    by_command = entry is not None and reason == str(policy_file())
    return UnknownNameError(
        f"the {_words(kind)} {row.name!r} of {row.distribution} is blocked ({reason})",
        hint=f"kernel plugin unblock {entry}" if by_command else "Change that environment variable.",
    )


def unknown_name(kind: str, text: str, index: EntryPointIndex, policy: PluginPolicy) -> UnknownNameError:
    """Nobody provides the component *text* of *kind*."""
    group_of = {row.name: row.group for row in index.kinds()}
    known = {row.name: row for row in index.rows(group_of[kind]) if policy.reason_against(kind, row) is None}
    close = get_close_matches(text.rpartition(":")[2], list(known), n=1)
    elsewhere = [
        name for name, group in group_of.items() if any(row.name == text for row in index.rows(group))
    ]
    message = f"there is no {_words(kind)} {text!r}"
    if close:
        row = known[close[0]]
        message += f"; did you mean {row.name!r} ({row.distribution} {row.version})?"
    elif elsewhere:
        message += f", but a {_words(elsewhere[0])} of that name"
    return UnknownNameError(message, hint=_known(kind, list(known)))


def _known(kind: str, names: list[str]) -> str:
    if not names:
        return f"No {_words(kind)} is installed: they come in packages of their own, found once installed."
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"Known: {', '.join(names[:_LISTED])}{more}. Another file's: ./file.py:Name"


def _did_you_mean(text: str, names: list[str]) -> str:
    close = get_close_matches(text, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _words(kind: str) -> str:
    return kind.replace("_", " ")
