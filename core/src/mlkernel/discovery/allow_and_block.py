"""Which plugins may be used here: everything that is installed, unless the user says otherwise."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

from mlkernel.discovery.entry_point_row import EntryPointRow
from mlkernel.errors import ConfigError, UsageError

ALLOW_VARIABLE = "MLKERNEL_PLUGINS"
BLOCK_VARIABLE = "MLKERNEL_BLOCKED_PLUGINS"
CORE = "mlkernel"


class PluginPolicy(NamedTuple):
    """What is allowed and what is blocked, by distribution (``mlkernel-rl``) or component (``trainer:ppo``)."""

    allowed: frozenset[str] | None
    """``None`` allows everything. What mlkernel itself brings is always allowed."""
    blocked: dict[str, str]
    """Each with where that is said."""

    def reason_against(self, kind: str, row: EntryPointRow) -> str | None:
        """Return who forbids the component, ``None`` when it may be used."""
        names = (entry_key(row.distribution), entry_key(f"{kind}:{row.name}"))
        for name in names:
            if name in self.blocked:
                return self.blocked[name]
        allowed = self.allowed is None or row.distribution == CORE or not self.allowed.isdisjoint(names)
        return None if allowed else f"not in {ALLOW_VARIABLE}"


def read_policy() -> PluginPolicy:
    """Read the environment variables and the user's file.

    ``MLKERNEL_PLUGINS`` is a list of what is allowed, separated by commas; set and empty it allows nothing.
    ``MLKERNEL_BLOCKED_PLUGINS`` and the user's file, which ``kernel plugin block`` edits, add to what is blocked.

    :raises ConfigError: when the file cannot be read.
    """
    allow = os.environ.get(ALLOW_VARIABLE)
    blocked = dict.fromkeys(_entries(os.environ.get(BLOCK_VARIABLE, "")), BLOCK_VARIABLE)
    blocked |= dict.fromkeys(map(entry_key, read_block_list()), policy_file())
    return PluginPolicy(None if allow is None else frozenset(_entries(allow)), blocked)


def entry_key(text: str) -> str:
    """Return *text* in the form in which entries are compared."""
    kind, colon, name = text.strip().rpartition(":")
    return f"{kind}:{name}" if colon else name.lower().replace("_", "-").replace(".", "-")


def policy_file() -> str:
    """Return ``plugins.toml`` in ``$MLKERNEL_CONFIG``, or in the user's folder for settings (XDG base directories)."""
    own = os.environ.get("MLKERNEL_CONFIG")
    shared = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(own or os.path.join(shared, "mlkernel"), "plugins.toml")


def read_block_list() -> list[str]:
    """Return what the user's file blocks, as it is written there.

    :raises ConfigError: when the file is no TOML, or says something else than ``blocked = [...]``.
    """
    file = policy_file()
    if not os.path.exists(file):
        return []
    import tomllib

    try:
        with open(file, "rb") as stored:
            content: dict[str, Any] = tomllib.load(stored)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}", hint="Correct it, or delete it.") from error
    blocked = content.get("blocked", [])
    if set(content) - {"blocked"} or not isinstance(blocked, list) or not all(isinstance(e, str) for e in blocked):
        raise ConfigError(f"{file} may only hold a list of names, such as blocked = [\"mlkernel-rl\", \"trainer:ppo\"].")
    return blocked


def write_block_list(entries: list[str]) -> None:
    """Replace what the user's file blocks.

    :raises UsageError: when it cannot be written.
    """
    file = policy_file()
    # A JSON list of strings is a TOML array, too.
    text = f"# Kept by `kernel plugin block` and `kernel plugin unblock`.\nblocked = {json.dumps(entries)}\n"
    try:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(f"{file}.new", "w", encoding="utf-8") as stored:
            stored.write(text)
        os.replace(f"{file}.new", file)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error


def _entries(text: str) -> list[str]:
    return [entry_key(entry) for entry in text.split(",") if entry.strip()]
