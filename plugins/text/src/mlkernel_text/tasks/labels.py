"""Labels of all sorts, made into right (1) and wrong (0)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen

from mlkernel import ConfigError

_USUAL = {"1": 1, "true": 1, "yes": 1, "0": 0, "false": 0, "no": 0}
_SHOWN = 10


@frozen(kw_only=True)
class LabelRule:
    """How a label is read.

    :raises ConfigError: both ways are given at once.
    """

    positive: Sequence[str] | None = None
    """The labels that mean right; all others mean wrong."""
    threshold: float | None = None
    """The least number that means right."""

    def __attrs_post_init__(self) -> None:
        if self.positive is not None and self.threshold is not None:
            raise ConfigError(
                "positive_labels and label_threshold are both given; labels are read by one of them"
            )

    def check(self, labels: Iterable[Any]) -> None:
        """Refuse a list of labels that mean right of which none occurs.

        :raises ConfigError: with the labels that do.
        """
        seen = {str(label).strip() for label in labels if label is not None}
        if self.positive is not None and seen and seen.isdisjoint(self.positive):
            raise ConfigError(
                f"no problem has one of the labels that mean right, {_listed(self.positive)}",
                hint=f"There are the labels {_listed(sorted(seen))}: set positive_labels to those that mean right.",
            )

    def read(self, label: Any, place: str) -> int:
        """1 or 0.

        :raises ConfigError: the label of *place* cannot be read so.
        """
        text = str(label).strip()
        if self.positive is not None:
            return int(text in self.positive)
        if self.threshold is not None:
            try:
                return int(float(text) >= self.threshold)
            except ValueError:
                raise ConfigError(f"{place}: the label {text!r} is no number") from None
        if text.casefold() not in _USUAL:
            raise ConfigError(
                f"{place}: whether the label {text!r} means right or wrong is not known",
                hint="Set positive_labels to those that mean right, or label_threshold to the least number that does.",
            )
        return _USUAL[text.casefold()]


def _listed(labels: Sequence[str]) -> str:
    shown = ", ".join(map(repr, labels[:_SHOWN]))
    return shown if len(labels) <= _SHOWN else f"{shown} ..."
