import pytest

from mlkernel import Choice, ConfigError
from mlkernel_text.rollouts.episode import Episode
from mlkernel_text.rollouts.transcripts import transcript
from mlkernel_text.scenarios.question_answering import QuestionAnswering
from mlkernel_text.scenarios.question_answering_config import QuestionAnsweringConfig
from mlkernel_text.tasks.arithmetic_config import ArithmeticConfig


def ask(config, answer):
    scenario = QuestionAnswering(config, 0)
    instance = scenario.instances("train")[0]
    game = scenario.begin(instance, 0)
    text = answer(instance) if callable(answer) else answer
    utterance = game.read("solver", text)
    return game.advance({"solver": utterance}).rewards["solver"], game.correct


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda instance: f"Well.\nAnswer: {instance.answer}.", (1.0, True)),
        (lambda instance: f"Answer: {int(instance.answer) + 1}", (0.0, False)),
        (lambda instance: f"I say {instance.answer}", (0.0, None)),
        ("Answer: many", (0.0, False)),
    ],
)
def test_open_answers_are_compared_with_the_truth(answer, expected):
    assert ask(QuestionAnsweringConfig(compact=False), answer) == expected


def test_claims_are_decided():
    config = QuestionAnsweringConfig(form="claim", wrong_reward=-1.0)
    assert ask(config, lambda instance: f"Decision: {'accept' if instance.label else 'reject'}") == (
        1.0,
        True,
    )
    assert ask(config, lambda instance: f"Decision: {'reject' if instance.label else 'accept'}") == (
        -1.0,
        False,
    )


def test_the_hint_is_the_answer():
    for config in (QuestionAnsweringConfig(), QuestionAnsweringConfig(form="claim")):
        scenario = QuestionAnswering(config, 0)
        instance = scenario.instances("train")[0]
        told = scenario.hint(instance)
        assert (scenario.decision_text(instance.label) if config.form == "claim" else instance.answer) in told


def test_transcripts_of_open_questions_tell_the_right_answer():
    scenario = QuestionAnswering(QuestionAnsweringConfig(), 0)
    instance = scenario.instances("train")[0]
    episode = Episode(
        iteration=0, split="train", index=0, instance=instance.id, seed=0, label=instance.label,
        fields=dict(instance.fields), nodes=(), outcome="ok",
    )  # fmt: skip
    assert f"truth '{instance.answer}'" in transcript(episode, scenario)


def test_open_questions_have_no_decision_to_write():
    with pytest.raises(ConfigError, match="no decision"):
        QuestionAnswering(QuestionAnsweringConfig(), 0).decision_text(1)


def test_a_task_without_open_questions_is_refused():
    with pytest.raises(ConfigError, match="'graph-isomorphism' has no problems of the form 'question'"):
        QuestionAnswering(QuestionAnsweringConfig(task="graph-isomorphism"), 0)


def test_only_what_the_small_model_can_learn_has_a_curriculum():
    task = Choice(kind="text_task", name="arithmetic", config=ArithmeticConfig(operations=("*",)))
    assert QuestionAnswering(QuestionAnsweringConfig(task=task), 0).curriculum is None
    assert QuestionAnswering(QuestionAnsweringConfig(compact=False), 0).curriculum is None
    assert QuestionAnswering(QuestionAnsweringConfig(), 0).curriculum is not None
