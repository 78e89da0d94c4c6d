from __future__ import annotations

import copy

import pytest
from tests.hooks.hook_lock import declared_hooks, least_version, read_lock

from mlkernel import API_VERSION


def test_the_hooks_are_the_locked_ones():
    _, locked = read_lock()
    assert declared_hooks() == locked, (
        "A hook changed. If that is meant, raise mlkernel.API_VERSION, run `python tests/hooks/hook_lock.py`, "
        "and tell plugin authors in CHANGELOG.md."
    )


def test_the_api_version_is_the_locked_one():
    locked_version, _ = read_lock()
    assert locked_version == API_VERSION


@pytest.fixture
def hooks():
    return {
        "on_started": {"family": "Hooks", "arguments": ["run", "phase"], "options": {"firstresult": False}},
        "make_it": {"family": "Hooks", "arguments": ["run"], "options": {"firstresult": True}},
    }


def test_no_change_needs_no_new_version(hooks):
    assert least_version((1, 2), hooks, copy.deepcopy(hooks)) == (1, 2)


def test_a_new_hook_is_a_minor_version(hooks):
    grown = hooks | {"on_ended": {"family": "Hooks", "arguments": ["run"], "options": {"firstresult": False}}}
    assert least_version((1, 2), hooks, grown) == (1, 3)


def test_a_new_last_argument_is_a_minor_version(hooks):
    changed = copy.deepcopy(hooks)
    changed["on_started"]["arguments"].append("total")
    assert least_version((1, 2), hooks, changed) == (1, 3)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["run"], id="removed"),
        pytest.param(["phase", "run"], id="reordered"),
        pytest.param(["run", "stage"], id="renamed"),
    ],
)
def test_arguments_that_no_longer_serve_are_a_major_version(hooks, arguments):
    changed = copy.deepcopy(hooks)
    changed["on_started"]["arguments"] = arguments
    assert least_version((1, 2), hooks, changed) == (2, 0)


def test_a_removed_hook_is_a_major_version(hooks):
    assert least_version((1, 2), hooks, {"make_it": hooks["make_it"]}) == (2, 0)


def test_a_question_that_becomes_a_notification_is_a_major_version(hooks):
    changed = copy.deepcopy(hooks)
    changed["make_it"]["options"]["firstresult"] = False
    assert least_version((1, 2), hooks, changed) == (2, 0)
