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

CLOSE = 0.6
"""Similarity, as difflib measures it, from which on a name is suggested; 1 is equality."""
MARGIN = 0.1
"""Names whose similarities differ by less are equally likely."""


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

    def without_place(self) -> str:
        """What is wrong and what was meant."""
        return self.message if self.suggestion is None else f"{self.message}; {self.suggestion}"

    def __str__(self) -> str:
        text = f"{self.path}: {self.without_place()}" if self.path else self.without_place()
        return text if self.origin is None else f"{text}  ({self.origin})"


class ProblemsError(ConfigError):
    """Lists problems, which whoever knows more of their places may list anew."""

    problems: tuple[Problem, ...] = ()


def raise_problems(problems: Sequence[Problem]) -> None:
    """Raise one ConfigError that lists all of *problems*; return when there are none.

    :raises ProblemsError: there are some.
    """
    if not problems:
        return
    error = ProblemsError(_listed(problems))
    error.problems = tuple(problems)
    raise error


def _listed(problems: Sequence[Problem]) -> str:
    if len(problems) == 1:
        return str(problems[0])
    lines = [f"{len(problems)} problems in the configuration:"]
    lines += [f"  {problem}" for problem in problems[:SHOWN]]
    if len(problems) > SHOWN:
        lines.append(f"  ... and {len(problems) - SHOWN} more")
    return "\n".join(lines)


def hint_of(word: str, siblings: Iterable[str], more: str = "") -> str:
    """The same as :func:`did_you_mean` in sentences, for the hint of an error.

    :param more: a further sentence.
    """
    text = did_you_mean(word, siblings)
    sentence = f"{text[:1].upper()}{text[1:]}"
    return " ".join(filter(None, (sentence if sentence.endswith("?") else f"{sentence}.", more)))


def did_you_mean(word: str, siblings: Iterable[str], elsewhere: Iterable[str] = ()) -> str:
    """What was probably meant by *word*, or where to look.

    :param word: a name that does not exist.
    :param siblings: the names that exist in its place.
    :param elsewhere: dotted paths of all options, whose last words are compared, too.
    """
    names = list(siblings)
    near = {name: _similarity(word, name) for name in names}
    far = {path: _similarity(word, path.rpartition(".")[2]) for path in elsewhere if "." in path}
    best_near, best_far = (max(places.values(), default=0.0) for places in (near, far))
    # One elsewhere must be clearly closer: a slip of the pen is likelier than a wrong place.
    best, places = (best_far, far) if best_far > best_near + MARGIN else (best_near, near)
    close = [place for place, similarity in places.items() if similarity >= max(CLOSE, best - MARGIN)]
    if close:
        return f"did you mean {' or '.join(close[:3])}?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= FEW else "--help lists the options"


def _similarity(word: str, name: str) -> float:
    return difflib.SequenceMatcher(None, word, name).ratio()
