"""What is wrong with a configuration: every problem with its path, its origin and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from attrs import frozen

from mlkernel.errors import ConfigError

SHOWN = 15
"""So many problems fit on one screen with what surrounds them."""

FEW = 8
"""So many names are listed when none of them is close."""


@frozen(kw_only=True)
class Problem:
    """One thing that is wrong."""

    path: str
    """Dotted path of the value, such as ``trainer.env.name``; empty for a file as a whole."""
    message: str
    """What is wrong with it."""
    origin: str | None = None
    """Where it was given, such as ``ppo.toml:3`` or ``command line: lr=fast``."""
    suggestion: str | None = None
    """What was probably meant."""

    def __str__(self) -> str:
        text = f"{self.path}: {self.message}" if self.path else self.message
        if self.suggestion is not None:
            text += f"; {self.suggestion}"
        return text if self.origin is None else f"{text}  ({self.origin})"


def raise_problems(problems: Sequence[Problem]) -> None:
    """Raise one ConfigError that lists all of *problems*; return when there are none."""
    if not problems:
        return
    if len(problems) == 1:
        raise ConfigError(str(problems[0]))
    lines = [f"{len(problems)} problems in the configuration:"]
    lines += [f"  {problem}" for problem in problems[:SHOWN]]
    if len(problems) > SHOWN:
        lines.append(f"  ... and {len(problems) - SHOWN} more")
    raise ConfigError("\n".join(lines))


def did_you_mean(word: str, siblings: Iterable[str], elsewhere: Iterable[str] = ()) -> str | None:
    """What was probably meant by *word*.

    Args:
        word: A name that does not exist.
        siblings: The names that exist in its place.
        elsewhere: Dotted paths of all options; those that end in *word* go before siblings that merely look like it.
    """
    names = list(siblings)
    close = [path for path in elsewhere if path.rpartition(".")[2] == word][:3]
    close = close or difflib.get_close_matches(word, names, n=2, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= FEW else None
