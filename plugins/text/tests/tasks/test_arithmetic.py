import random

from hypothesis import given
from hypothesis import strategies as st

from mlkernel_text.tasks.arithmetic import Arithmetic
from mlkernel_text.tasks.arithmetic_config import ArithmeticConfig
from mlkernel_text.tasks.column_addition import ColumnAddition, ColumnAdditionCurriculum, columns, work_out


def test_claims_are_right_exactly_where_their_label_says_so():
    task = Arithmetic(ArithmeticConfig(operations=("+", "-", "*"), digits=3), 0)
    claims = task.instances("train", "claim")[:300]
    for claim in claims:
        question = claim.fields["question"].removeprefix("What is ").removesuffix("?")
        assert (eval(question) == int(claim.fields["solution"])) == claim.label
    assert 100 < sum(claim.label for claim in claims) < 200
    assert {claim.fields["operation"] for claim in claims} == {"+", "-", "*"}


def test_an_answer_may_be_written_in_several_ways():
    task = Arithmetic(ArithmeticConfig(digits=4), 0)
    question = task.instances("train", "question")[0]
    assert task.is_right(question, f"{int(question.answer):,}")
    assert task.is_right(question, f" 0{question.answer}")
    assert not task.is_right(question, f"{question.answer}0")


@given(st.integers(1, 8), st.data())
def test_the_short_language_adds(digits, data):
    numbers = st.integers(10 ** (digits - 1), 10**digits - 1)
    left, right = data.draw(numbers), data.draw(numbers)
    worked = work_out(left, right, digits, lambda: False)
    assert ColumnAddition(digits).read(worked) == str(left + right)
    for column in columns(left, right, digits).split():
        assert f"{column}" in worked, "every column of the problem is quoted"


def test_the_example_of_the_documentation():
    assert columns(58, 67, 2) == "b56 a87"
    assert work_out(58, 67, 2, lambda: False) == "a870:5c1 b561:2c1 =1b2a5"


def test_carries_are_forgotten_late_in_the_curriculum():
    def right(progress):
        curriculum, source, found = ColumnAdditionCurriculum(2), random.Random(0), 0
        for _ in range(400):
            _, user, answer = curriculum.examples(source, progress)[0]
            found += answer["content"] == correct(user["content"])
        return found / 400

    def correct(asked):
        tens, ones = asked.split()
        return work_out(int(tens[1] + ones[1]), int(tens[2] + ones[2]), 2, lambda: False)

    assert right(0.0) == 1.0
    assert 0.75 < right(1.0) < 0.95
