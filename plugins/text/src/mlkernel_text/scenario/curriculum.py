"""Demonstrations from which a small local model learns the language of a scenario."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Protocol


class Curriculum(Protocol):
    """A source of example chats. Back ends with models of their own pretrain on it; the others ignore it."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """Everything that the examples depend on, in JSON types; models are cached by its hash."""

    def examples(self, random: random.Random, progress: float) -> list[list[dict[str, Any]]]:
        """Some example chats, whose ``assistant`` messages are to be learned.

        :param random: the only source of randomness.
        :param progress: 0.0 at the beginning of the pretraining, 1.0 at its end.
        """
