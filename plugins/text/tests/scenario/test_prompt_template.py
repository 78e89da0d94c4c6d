import pytest

from mlkernel import ConfigError
from mlkernel_text.scenario.prompt_template import PromptTemplate, prompts_hash, templates_from
from mlkernel_text.scenarios.prover_verifier import ProverVerifier
from mlkernel_text.scenarios.prover_verifier_config import ProverVerifierConfig

OFFERED = frozenset({"question", "solution"})


def test_an_unknown_variable_is_named_with_its_line_and_what_there_is():
    with pytest.raises(ConfigError) as error:
        PromptTemplate("prover.jinja", "Hello\n{{ qestion }}\n{{ other }}", OFFERED)
    assert "prover.jinja, line 2: no variable is named 'qestion'. Did you mean 'question'?" in str(
        error.value
    )
    assert "prover.jinja, line 3: no variable is named 'other'." in str(error.value)
    assert "There are: question, solution." in str(error.value)


def test_own_variables_and_loops_are_no_unknown_ones():
    template = PromptTemplate(
        "t", "{% set a = question %}{% for b in range(2) %}{{ a }}{{ b }}{% endfor %}", OFFERED
    )
    assert template.render({"question": "x", "solution": ""}) == "x0x1"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a\n{% if question %}", "line 2"),
        ("a\n{{ question | shout }}", "line 2: No filter named 'shout'"),
        ("a\n{% include 'b' %}", "line 2: a prompt cannot include"),
    ],
)
def test_a_template_that_cannot_be_read_names_the_line(source, message):
    with pytest.raises(ConfigError, match=message):
        PromptTemplate("t", source, OFFERED)


@pytest.mark.parametrize(
    "source",
    ["a\n{{ question.nothing }}", "a\n{{ question.__class__.__mro__ }}", "a\n{{ range(10**9) | list }}"],
)
def test_templates_can_neither_go_astray_nor_reach_out(source):
    template = PromptTemplate("t", source, OFFERED)
    with pytest.raises(ConfigError, match="t, line 2"):
        template.render({"question": "x", "solution": "y"})


def test_words_of_a_problem_are_never_run():
    template = PromptTemplate("t", "{{ question }}", OFFERED)
    assert template.render({"question": "{{ 7 * 7 }} <b>", "solution": ""}) == "{{ 7 * 7 }} <b>"


def test_a_folder_of_prompts_takes_the_place_of_the_packages(tmp_path):
    (tmp_path / "prover.jinja").write_text("Say it loud: {{ claim }}")
    config = ProverVerifierConfig(protocol="debate", prompts=tmp_path)
    played, other = ProverVerifier(config, 0), ProverVerifier(ProverVerifierConfig(protocol="debate"), 0)
    turns = played.begin(played.instances("train")[0], 0).turns()
    assert {turn.chat[0]["content"] for turn in turns} == {"Say it loud: The proposed result is right."}
    assert played.prompts_hash != other.prompts_hash


def test_a_file_that_is_no_prompt_is_named(tmp_path):
    (tmp_path / "provr.jinja").write_text("x")
    with pytest.raises(ConfigError, match=r"Did you mean prover\.jinja"):
        templates_from(tmp_path, {"prover": OFFERED})


@pytest.mark.parametrize("folder", ["missing", "."])
def test_a_folder_without_prompts_is_refused(tmp_path, folder):
    with pytest.raises(ConfigError, match=r"no folder of prompts|holds no prompt"):
        templates_from(tmp_path / folder, {"prover": OFFERED})


def test_the_hash_depends_on_names_and_words_alone():
    first, second = PromptTemplate("here/a", "x", OFFERED), PromptTemplate("there/a", "x", OFFERED)
    assert prompts_hash({"a": first}) == prompts_hash({"a": second})
    assert prompts_hash({"a": first}) != prompts_hash({"b": first})
