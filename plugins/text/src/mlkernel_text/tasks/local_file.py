"""Problems from a file of the user's."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from attrs import evolve

from mlkernel import ConfigError
from mlkernel_text.scenario.scenario import Instance, Split
from mlkernel_text.scenario.stable_random import stable_hash
from mlkernel_text.tasks.labels import LabelRule
from mlkernel_text.tasks.local_file_config import LocalFileConfig
from mlkernel_text.tasks.rows_of_files import Row, read_rows
from mlkernel_text.tasks.text_task import CompactLanguage, Form

_PARTS = 1_000_000


class LocalFile:
    """Rows of a file as problems, as task ``local-file``; every column may be used in prompts.

    :raises ConfigError: a file cannot be read, lacks a column, has a label that cannot be read, or two files ask the
        same; the place is named.
    """

    def __init__(self, config: LocalFileConfig, seed: int) -> None:
        self._config = config
        self.fields = frozenset({"question", "solution", *self._rows["train"][0].values})
        forms: list[Form] = ["claim"] if config.label_column else []
        self.forms: tuple[Form, ...] = (*forms, "question") if config.answer_column else tuple(forms)
        if not self.forms:
            raise ConfigError(
                f"{config.path}: neither claims nor questions can be made of it",
                hint="Set label_column (and solution_column) for claims, answer_column for open questions.",
            )
        self.claim = config.claim
        self._labels = LabelRule(positive=config.positive_labels, threshold=config.label_threshold)
        if config.label_column is not None:
            rows = itertools.chain(*self._rows.values())
            self._labels.check(row.values.get(config.label_column) for row in rows)

    def instances(self, split: Split, form: Form) -> Sequence[Instance]:
        """The problems in the order of their file.

        :raises ConfigError: there are none in *split*.
        """
        found = self._by_split[split]
        if not found:
            raise ConfigError(
                f"no problem of {self._config.path} falls into the split {split!r}",
                hint=f"Raise {split}_share, or give {split}_path." if split != "train" else "Add problems.",
            )
        return found if form == "claim" else [evolve(instance, label=1) for instance in found]

    def is_right(self, instance: Instance, answer: str) -> bool:
        """Whether *answer* is the one in the file, but for case, blanks and a full stop."""
        return _plain(answer) == _plain(instance.answer or "")

    def compact(self, form: Form) -> CompactLanguage | None:
        """There is no short way to put what is in a file."""
        return None

    @cached_property
    def _rows(self) -> Mapping[Split, list[Row]]:
        config = self._config
        rows: dict[Split, list[Row]] = {"train": read_rows(config.path), "validation": [], "test": []}
        if config.validation_path is not None:
            rows["validation"] = read_rows(config.validation_path)
        if config.test_path is not None:
            rows["test"] = read_rows(config.test_path)
        return rows

    @cached_property
    def _by_split(self) -> Mapping[Split, Sequence[Instance]]:
        found: dict[Split, list[Instance]] = {"train": [], "validation": [], "test": []}
        asked: dict[str, tuple[Split, str]] = {}
        names: dict[str, str] = {}
        for file, rows in self._rows.items():
            for number, row in enumerate(rows, start=1):
                instance = self._instance(f"{file}-{number}", row)
                question = str(instance.fields["question"])
                split = self._split_of(question) if file == "train" else file
                other, place = asked.setdefault(question, (split, row.place))
                if other != split:
                    raise ConfigError(
                        f"{row.place} asks the same as {place}, which is for {other}, not for {split}",
                        hint="Splits must not share problems; remove it from one of the files.",
                    )
                if (earlier := names.setdefault(instance.id, row.place)) != row.place:
                    raise ConfigError(f"{row.place} has the id {instance.id!r}, as {earlier} does")
                found[split].append(instance)
        return found

    def _split_of(self, question: str) -> Split:
        """By a stable hash of the question, so that it stays where it is when the file grows."""
        config, part = self._config, stable_hash("local file", question) % _PARTS / _PARTS
        test = config.test_share if config.test_path is None else 0.0
        validation = config.validation_share if config.validation_path is None else 0.0
        if part < test:
            return "test"
        return "validation" if part < test + validation else "train"

    def _instance(self, id: str, row: Row) -> Instance:  # noqa: A002 - what it is
        config = self._config
        others = {name: row.values.get(name, "") for name in self.fields}
        solution = "" if config.solution_column is None else _cell(row, config.solution_column)
        answer = None if config.answer_column is None else str(_cell(row, config.answer_column))
        label = 1
        if config.label_column is not None:
            label = self._labels.read(_cell(row, config.label_column), row.place)
        return Instance(
            id=id if config.id_column is None else str(_cell(row, config.id_column)),
            fields={**others, "question": str(_cell(row, config.question_column)), "solution": str(solution)},
            label=label,
            answer=answer,
        )


def _cell(row: Row, column: str) -> Any:
    value = row.values.get(column)
    if value is not None:
        return value
    if column in row.values:
        raise ConfigError(f"{row.place}: nothing stands in the column {column!r}")
    close = get_close_matches(column, row.values, n=1)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    raise ConfigError(
        f"{row.place}: there is no column {column!r}.{guess}",
        hint=f"There are: {', '.join(map(str, row.values))}.",
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")
