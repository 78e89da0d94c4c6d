"""Which plugins may be used here: everything that is installed, unless the user says otherwise."""

from __future__ import annotations

import json
import os
from pathlib import Path
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
        names = self.names_of(kind, row)
        for name in names:
            if name in self.blocked:
                return self.blocked[name]
        allowed = self.allowed is None or row.distribution == CORE or not self.allowed.isdisjoint(names)
        return None if allowed else f"not in {ALLOW_VARIABLE}"

    def names_of(self, kind: str, row: EntryPointRow) -> tuple[str, str]:
        """Return the two entries that could mean the component."""
        return entry_key(row.distribution), entry_key(f"{kind}:{row.name}")


def read_policy() -> PluginPolicy:
    """Read the environment variables and the user's file.

    ``MLKERNEL_PLUGINS`` is a list of what is allowed, separated by commas; set and empty it allows nothing.
    ``MLKERNEL_BLOCKED_PLUGINS`` and the user's file, which ``kernel plugin block`` edits, add to what is blocked.

    :raises ConfigError: when the file cannot be read.
    """
    allow = os.environ.get(ALLOW_VARIABLE)
    blocked = dict.fromkeys(_entries(os.environ.get(BLOCK_VARIABLE, "")), BLOCK_VARIABLE)
    blocked |= dict.fromkeys(map(entry_key, read_block_list()), str(policy_file()))
    return PluginPolicy(None if allow is None else frozenset(_entries(allow)), blocked)


def entry_key(text: str) -> str:
    """Return *text* in the form in which entries are compared."""
    kind, colon, name = text.strip().rpartition(":")
    return f"{kind}:{name}" if colon else name.lower().replace("_", "-").replace(".", "-")


def policy_file() -> Path:
    """Return ``plugins.toml`` in the user's folder for settings."""
    return settings_folder() / "plugins.toml"


def settings_folder() -> Path:
    """Return ``$MLKERNEL_CONFIG``, or ``mlkernel`` in the user's folder for settings (XDG base directories)."""
    own = os.environ.get("MLKERNEL_CONFIG")
    shared = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(own or Path(shared, "mlkernel"))


def read_block_list() -> list[str]:
    """Return what the user's file blocks, as it is written there.

    :raises ConfigError: when the file is no TOML, or says something else than ``blocked = [...]``.
    """
    file = policy_file()
    if not file.exists():
        return []
    import tomllib

    try:
        content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}", hint="Correct it, or delete it.") from error
    blocked = content.get("blocked", [])
    names = [name for name in blocked if isinstance(name, str)] if isinstance(blocked, list) else []
    if names != blocked or set(content) - {"blocked"}:
        raise ConfigError(f'{file} may only hold a list of names: blocked = ["mlkernel-rl", "trainer:ppo"]')
    return names


def write_block_list(entries: list[str]) -> None:
    """Replace what the user's file blocks.

    :raises UsageError: when it cannot be written.
    """
    file = policy_file()
    # A JSON list of strings is a TOML array, too.
    text = f"# Kept by `kernel plugin block` and `kernel plugin unblock`.\nblocked = {json.dumps(entries)}\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_suffix(".new")
        aside.write_text(text, encoding="utf-8")
        aside.replace(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error


def _entries(text: str) -> list[str]:
    return [entry_key(entry) for entry in text.split(",") if entry.strip()]
