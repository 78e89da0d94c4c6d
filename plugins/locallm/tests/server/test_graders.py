from __future__ import annotations

import asyncio
import re
import time

import openai
import pytest

from mlkernel_locallm.server.graders import python_grader
from mlkernel_locallm.server.graders.formula import Formula, FormulaError
from mlkernel_locallm.server.graders.grade import Attempt
from mlkernel_locallm.server.graders.python_grader import PythonGrader
from mlkernel_locallm.server.graders.similarity import MEASURES

ITEM = {"answer": "6", "nested": {"list": ["a", "b"]}}


def definition(kind, **fields):
    return {"type": kind, "name": kind, **fields}


def check(operation, reference="{{ item.answer }}"):
    text = "{{ sample.output_text }}"
    return definition("string_check", operation=operation, input=text, reference=reference)


def python(body):
    return definition("python", source=f"def grade(sample, item):\n    {body}\n")


@pytest.fixture
def grade(openai_client):
    def call(grader, sample="6", item=ITEM):
        async def run():
            async with openai_client() as client:
                graders = client.fine_tuning.alpha.graders
                # Not parsed: the client's schema knows a multi grader of one part only.
                await graders.with_raw_response.validate(grader=grader)
                return await graders.run(grader=grader, item=item, model_sample=sample)

        return asyncio.run(run())

    return call


@pytest.mark.parametrize(
    ("grader", "sample", "reward"),
    [
        (check("eq"), "6", 1.0),
        (check("eq"), "6 ", 0.0),
        (check("ne"), "7", 1.0),
        (check("like"), "it is 6", 1.0),
        (check("like", "IT"), "it is 6", 0.0),
        (check("ilike", "IT"), "it is 6", 1.0),
        (check("eq", "{{item.nested.list.1}}"), "b", 1.0),
        (check("eq", '["a", "b"]') | {"input": "{{ item.nested.list }}"}, "", 1.0),
        (check("eq", "3") | {"input": "{{ sample.output_json.x }}"}, '{"x": 3}', 1.0),
        (python("return item['answer'] == sample['output_text']"), "6", 1.0),
        (python("import math; return math.sqrt(float(sample['output_text']))"), "9", 3.0),
    ],
)
def test_rewards(grade, grader, sample, reward):
    assert grade(grader, sample).reward == reward


def test_a_multi_grader_puts_its_parts_together(grade):
    multi = definition(
        "multi",
        graders={"right": check("eq"), "short": python("return 1 / len(sample['output_text'])")},
        calculate_output="0.5 * right + max(short, 0.1)^2",
    )
    graded = grade(multi, "6")
    assert graded.reward == 1.5
    assert graded.sub_rewards == {"right": 1.0, "short": 1.0}


def test_a_model_grades_with_the_number_that_it_writes(grade):
    messages = [{"role": "user", "content": "{{ item.answer }} and {{ sample.output_text }}"}]
    grader = definition(
        "score_model",
        model="locallm",
        input=messages,
        range=[-100, 1e9],
        sampling_params={"max_completions_tokens": 30, "seed": 1},
    )
    graded = grade(grader)
    assert graded.metadata.sampled_model_name == "locallm"
    assert graded.metadata.token_usage > 0
    assert graded.reward != 0 or graded.metadata.errors.api_model_grader_parse_error
    assert grade(grader | {"model": "nobody"}).metadata.errors.api_model_grader_server_error


@pytest.mark.parametrize(
    ("grader", "error"),
    [
        (check("eq", "{{ item.missing }}"), "invalid_variable_error"),
        (python("raise ValueError('no')"), "python_grader_runtime_error"),
        (python("return 'six'"), "python_grader_runtime_error"),
        (python("return float('nan')"), "python_grader_runtime_error"),
        (definition("python", source="graded = 1"), "python_grader_runtime_error"),
        (python("import os; os._exit(0)"), "python_grader_server_error"),
        (
            definition("multi", graders={"a": check("ne")}, calculate_output="1 / (a - a)"),
            "formula_parse_error",
        ),
    ],
)
def test_what_cannot_be_graded_says_why_and_is_worth_nothing(grade, grader, error):
    graded = grade(grader)
    assert graded.reward == 0.0
    assert getattr(graded.metadata.errors, error)


@pytest.mark.parametrize(
    "body",
    [
        "import socket; socket.socket().connect(('127.0.0.1', 1))",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1')",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "open('/etc/passwd').read()",
        "open('here', 'w').write('x')",
        "import os; os.remove(__import__('sys').executable + '.nothing')",
        "import os; os.truncate('/nothing', 0)",
        "import os; os.listdir('/')",
        "import sqlite3; sqlite3.connect('/nothing')",
        "'x' * (1 << 30)",
    ],
)
def test_a_python_grader_reaches_nothing(body):
    grader = PythonGrader(f"def grade(sample, item):\n    {body}\n    return 1\n")
    [graded] = grader.grade([Attempt(item={}, text="")])
    assert graded.problem == "python_grader_runtime_error"
    assert re.match("PermissionError: .*(allowed|may not)|MemoryError|URLError", graded.detail)


def test_a_python_grader_imports_what_python_has():
    body = "import decimal, difflib, json, statistics, unicodedata\n    return statistics.mean([1, 3])"
    [graded] = PythonGrader(f"def grade(sample, item):\n    {body}\n").grade([Attempt(item={}, text="")])
    assert (graded.problem, graded.reward) == (None, 2.0)


def test_a_python_grader_sees_no_environment(monkeypatch):
    grader = PythonGrader("import os\ndef grade(sample, item):\n    return len(os.environ)\n")
    monkeypatch.setenv("SECRET_OF_THE_TEST", "x")
    graded = grader.grade([Attempt(item={}, text="")] * 2)
    assert all(grade.reward <= 1 for grade in graded)  # LC_CTYPE, which Python sets for itself


def test_a_python_grader_that_never_ends_is_ended(monkeypatch):
    monkeypatch.setattr(python_grader, "SECONDS", 1.0)
    monkeypatch.setattr(python_grader, "_START", 10.0)
    attempts = [Attempt(item={}, text=text) for text in ("fine", "endless", "fine")]
    loops = "while sample['output_text'] == 'endless': pass"
    grades = PythonGrader(f"def grade(sample, item):\n    {loops}\n    return 1\n").grade(attempts)
    assert [grade.problem for grade in grades] == [None, "python_grader_runtime_error", None]
    stubborn = (
        "def grade(sample, item):\n    while True:\n        try:\n            while True: sum(range(99))\n"
        "        except BaseException: pass\n"
    )
    begun = time.monotonic()
    [grade] = PythonGrader(stubborn).grade(attempts[:1])
    assert grade.problem == "python_grader_server_error"
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize(
    ("grader", "param"),
    [
        ({"type": "string_check"}, "grader.name"),
        (definition("wizard"), "grader.type"),
        (check("is"), "grader.operation"),
        (check("eq", "{{ row.answer }}"), "grader.reference"),
        (definition("python", source="def grade("), "grader.source"),
        (
            definition("text_similarity", input="a", reference="b", evaluation_metric="cosine"),
            "grader.evaluation_metric",
        ),
        (
            definition("multi", graders={"a": check("eq")}, calculate_output="a + b"),
            "grader.calculate_output",
        ),
        (
            definition("multi", graders={"a": check("eq")}, calculate_output="__import__('os')"),
            "grader.calculate_output",
        ),
        (
            definition("multi", graders={"a": definition("multi")}, calculate_output="a"),
            "grader.graders.a.type",
        ),
        (definition("score_model", model="locallm", input=[]), "grader.input"),
    ],
)
def test_a_grader_that_makes_no_sense_is_refused(grade, grader, param):
    with pytest.raises(openai.BadRequestError) as raised:
        grade(grader)
    assert raised.value.param == param


@pytest.mark.parametrize("measure", MEASURES)
def test_a_text_is_most_like_itself(grade, measure):
    text = "the cat sat on the mat today"
    grader = definition(
        "text_similarity", input="{{ sample.output_text }}", reference=text, evaluation_metric=measure
    )
    same = grade(grader, text).reward
    near = grade(grader, "the cat sat on the mat yesterday").reward
    far = grade(grader, "nothing like it").reward
    assert same == pytest.approx(1.0)
    assert 1.0 > near > far >= 0.0


def test_similarities_by_hand():
    # Three of four words; runs of two: "a b" of "a b", "b c", "c x".
    assert MEASURES["rouge_1"]("a b c x", "a b y c") == pytest.approx(3 / 4)
    assert MEASURES["rouge_2"]("a b c x", "a b y c") == pytest.approx(1 / 3)
    assert MEASURES["rouge_l"]("a b c x", "a b y c") == pytest.approx(3 / 4)
    assert MEASURES["gleu"]("a b", "a b c") == pytest.approx(3 / 6)
    # Precisions 1 and 1, no longer runs, and the brevity penalty exp(1 - 3/2).
    assert MEASURES["bleu"]("a b", "a b c") == pytest.approx(0.6065, abs=1e-4)
    assert MEASURES["fuzzy_match"]("abcd", "abxd") == pytest.approx(0.75)


@pytest.mark.parametrize(
    "text", ["a.b", "[a]", "a if b else c", "lambda: 1", "f(a)", "'a'", "a == b", "1" * 2000]
)
def test_a_formula_is_arithmetic_and_nothing_else(text):
    with pytest.raises(FormulaError):
        Formula(text)


def test_a_formula_that_explodes_is_an_error():
    for text in ("9^9^9^9^9", "exp(1000)", "log(0)", "sqrt(0-1)"):
        with pytest.raises(FormulaError):
            Formula(text).value({})
