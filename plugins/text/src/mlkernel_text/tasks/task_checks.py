"""Checks of tasks: that problems have a ground truth, and splits nothing in common."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from functools import partial

from mlkernel.testing import Check, Component
from mlkernel.testing.check import expect
from mlkernel.testing.component_checks import component_checks
from mlkernel.testing.configured import configured
from mlkernel_text.scenario.scenario import Split
from mlkernel_text.tasks.text_task import TextTask

_SPLITS: tuple[Split, ...] = ("train", "validation", "test")
_MOST = 100


def task_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a task."""
    yield from component_checks(component, overrides)
    for name, check in (
        ("problems_are_the_same_for_the_same_seed", _check_seed),
        ("splits_are_disjoint", _check_splits),
        ("fields_are_as_declared", _check_fields),
        ("claims_have_labels_and_questions_answers", _check_truth),
        ("any_answer_can_be_judged", _check_answers),
        ("the_short_language_is_understood", _check_compact),
    ):
        yield Check(name, partial(check, component, overrides))


def _make(component: Component, overrides: Sequence[str], seed: int = 0) -> TextTask:
    config = configured(component, overrides)
    task: TextTask = component.factory()(seed) if config is None else component.factory()(config, seed)
    expect(bool(task.forms), "the task has neither claims nor questions")
    return task


def _check_seed(component: Component, overrides: Sequence[str]) -> None:
    first, second = (_make(component, overrides, seed=7) for _ in range(2))
    for form in first.forms:
        same = list(first.instances("test", form)[:_MOST]) == list(second.instances("test", form)[:_MOST])
        expect(same, "two tasks of one seed have other problems")


def _check_splits(component: Component, overrides: Sequence[str]) -> None:
    task = _make(component, overrides)
    for form in task.forms:
        seen: dict[str, str] = {}
        for split in _SPLITS:
            for instance in task.instances(split, form)[:_MOST]:
                other = seen.setdefault(repr(sorted(instance.fields.items())), split)
                expect(other == split, f"{instance.id} of {split} is a problem of {other}, too")


def _check_fields(component: Component, overrides: Sequence[str]) -> None:
    task = _make(component, overrides)
    expect({"question", "solution"} <= task.fields, "the fields lack 'question' or 'solution'")
    for form in task.forms:
        for instance in task.instances("train", form)[:_MOST]:
            missing = task.fields - set(instance.fields)
            expect(not missing, f"{instance.id} lacks the fields {', '.join(sorted(missing))}")
            same = json.loads(json.dumps(dict(instance.fields))) == dict(instance.fields)
            expect(same, f"the fields of {instance.id} are not of JSON's types")


def _check_truth(component: Component, overrides: Sequence[str]) -> None:
    task = _make(component, overrides)
    for form in task.forms:
        instances = task.instances("train", form)[:_MOST]
        if form == "question":
            wrong = [
                item.id for item in instances if item.label != 1 or not task.is_right(item, item.answer or "")
            ]
            expect(not wrong, f"the answers of these questions are not right: {', '.join(wrong[:3])}")
        else:
            labels = {instance.label for instance in instances}
            expect(labels <= {0, 1}, f"labels are 0 or 1, not {sorted(labels)}")


def _check_answers(component: Component, overrides: Sequence[str]) -> None:
    task = _make(component, overrides)
    instance = task.instances("train", task.forms[0])[0]
    for answer in ("", "\x00", "1e999", "²", "-" * 10_000, "None", "9" * 10_000):
        task.is_right(instance, answer)


def _check_compact(component: Component, overrides: Sequence[str]) -> None:
    task = _make(component, overrides)
    for form in task.forms:
        language = task.compact(form)
        if language is None:
            continue
        expect(bool(language.ask(task.instances("train", form)[0])), "a problem is put in no words")
        (*_, answer) = language.curriculum.examples(random.Random(0), 0.0)[0]  # noqa: S311 - guards no secret
        expect(
            language.read(answer["content"]) is not None,
            f"its own example is not read: {answer['content']!r}",
        )
