from pathlib import Path
from typing import Any, Literal

import pytest
from core.tests.config.sample_options import SampleOptions

from mlkernel.config.overrides import parse_override, parse_value
from mlkernel.config.problems import Problem
from mlkernel.config.sections import sections_of

SECTIONS = sections_of(SampleOptions)


@pytest.mark.parametrize(
    ("text", "option_type", "value"),
    [
        ("1e-3", float, 0.001),
        (".5", float, 0.5),
        ("inf", float, float("inf")),
        ("1_000", int, 1000),
        ("-3", int, -3),
        ("true", bool, True),
        ("False", bool, False),
        ("null", float | None, None),
        ("none", int | None, None),
        ("[64, 64]", tuple[int, ...], [64, 64]),
        ("[relu, tanh]", list[str], ["relu", "tanh"]),
        ('["1", 2]', Any, ["1", 2]),
        ("{a: 1, b: [true, x]}", dict[str, Any], {"a": 1, "b": [True, "x"]}),
        ("12", str, "12"),
        ("null", str, "null"),
        ("a=b", str, "a=b"),
        (" padded ", str, " padded "),
        ("", str, ""),
        ("null", str | None, None),
        ('"null"', str | None, "null"),
        ("12", str | None, "12"),
        ("12", str | int, 12),
        ("[1]", str | None, "[1]"),
        ("~/data", Path, "~/data"),
        ("1", Literal["1", "2"], "1"),
        ("2", Literal[1, 2], 2),
        ("3", Literal["3", 3], 3),
        ('"3"', Literal["3", 3], "3"),
        ("auto", int | Literal["auto"], "auto"),
        ("[1, 2", list[int], "[1, 2"),
    ],
)
def test_values_are_read_by_the_type_of_their_option(text, option_type, value):
    read = parse_value(text, option_type)
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("lr=1", "trainer.lr"),
        ("trainer.lr=1", "trainer.lr"),
        ("env.name=X", "trainer.env.name"),
        ("run.seed=1", "run.seed"),
        ("env.settings.deep=1", "trainer.env.settings.deep"),
    ],
)
def test_paths_without_a_section_are_the_trainers(text, path):
    assert parse_override(text, SECTIONS).path == path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("env.nam=X", "trainer.env.nam: unknown key; did you mean name?"),
        ("lr.x=1", "trainer.lr.x: trainer.lr has no keys"),
        ("rn.seed=1", "trainer.rn: unknown key; did you mean run?"),
        ("checkpoint.keep=1", "checkpoint.keep: unknown key; did you mean keep_last or keep_best?"),
        ("lr", "an override is written path=value"),
        ("=1", "trainer.: unknown key"),
    ],
)
def test_a_wrong_path_is_a_problem_with_a_suggestion(text, told):
    problem = parse_override(text, SECTIONS)
    assert isinstance(problem, Problem)
    assert str(problem).startswith(told)
