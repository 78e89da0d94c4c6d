"""Who hears what."""

import pytest

from mlkernel import Choice
from mlkernel_text.protocols.debate_config import DebateConfig
from mlkernel_text.protocols.mnip_config import MnipConfig
from mlkernel_text.scenarios.prover_verifier import ProverVerifier
from mlkernel_text.scenarios.prover_verifier_config import ProverVerifierConfig, ZeroKnowledgeOptions


def scenario(protocol, config=None, **options):
    chosen = Choice(kind="interaction_protocol", name=protocol, config=config)
    return ProverVerifier(ProverVerifierConfig(protocol=chosen, **options), seed=0)


def say(interaction, **texts):
    said = {turn.agent: interaction.read(turn.agent, texts[turn.agent]) for turn in interaction.turns()}
    assert [utterance.problem for utterance in said.values()] == [None] * len(said)
    return interaction.advance(said)


def heard(interaction, agent):
    (turn,) = (turn for turn in interaction.turns() if turn.agent == agent)
    return "\n".join(message["content"] for message in turn.chat)


def begun(played, seed=0):
    return played.begin(played.instances("train")[0], seed)


def test_provers_of_mnip_do_not_hear_each_other():
    game = begun(scenario("mnip", MnipConfig(verifier_first=False)))
    say(game, prover0="alpha secret", prover1="beta secret")
    assert "prover0: alpha secret" in heard(game, "verifier")
    assert "prover1: beta secret" in heard(game, "verifier")
    say(game, verifier="<prover0>first question</prover0> <prover1>second question</prover1>")
    assert "first question" in heard(game, "prover0")
    assert "second question" not in heard(game, "prover0")
    assert "beta secret" not in heard(game, "prover0")
    assert "alpha secret" not in heard(game, "prover1")


def test_a_verifier_of_mnip_must_speak_to_both():
    game = begun(scenario("mnip"))
    assert "prover1" in game.read("verifier", "<prover0>hello</prover0>").problem
    assert game.read("verifier", "hello").problem


def test_debaters_hear_each_other_after_the_round_and_not_in_it():
    game = begun(scenario("debate", DebateConfig(max_rounds=4)))
    assert [turn.agent for turn in game.turns()] == ["prover0", "prover1"]
    say(game, prover0="alpha", prover1="beta")
    say(game, verifier="go on")
    assert "prover1: beta" in heard(game, "prover0")
    assert "verifier: go on" in heard(game, "prover0")
    assert "prover0: alpha" not in heard(game, "prover0"), (
        "its own words are its answer, not something it hears"
    )


def test_the_verifier_cannot_see_who_spoke_for_merlin_or_morgana():
    texts = set()
    for seed in range(12):
        game = begun(scenario("merlin-arthur"), seed)
        (turn,) = game.turns()
        say(game, **{turn.agent: "trust me"})
        texts.add(heard(game, "verifier"))
    assert len(texts) == 1
    assert "prover: trust me" in texts.pop()


def test_the_prover_cannot_tell_the_adversary_from_the_verifier_and_the_simulator_hears_nothing():
    played = scenario("nip", zero_knowledge=ZeroKnowledgeOptions(enabled=True))
    prompts = {}
    for seed in range(12):
        game = begun(played, seed)
        (turn,) = game.turns()
        say(game, **{turn.agent: "a question"})
        prompts[turn.agent] = heard(game, "prover")
        if turn.agent == "adversarial_verifier":
            say(game, prover="a secret")
            say(game, adversarial_verifier="Decision: accept")
            assert "secret" not in heard(game, "simulator")
            assert "a question" not in heard(game, "simulator")
    assert set(prompts) == {"verifier", "adversarial_verifier"}
    assert len(set(prompts.values())) == 1


def test_stances_are_told_to_those_who_have_them():
    game = begun(scenario("debate"))
    assert "Convince the verifier that the claim is false" in heard(game, "prover0")
    assert "Convince the verifier that the claim is true" in heard(game, "prover1")


def test_an_own_prompt_takes_the_place_of_the_systems():
    played = scenario("adp")
    instance = played.instances("train")[0]
    game = played.begin(instance, 0, {"prover": "Rhyme."}, {"prover": "Argue about {{ question }}"})
    assert game.turns()[0].chat[0]["content"] == f"Argue about {instance.fields['question']}\n\nRhyme."


@pytest.mark.parametrize("label", [0, 1])
def test_the_written_decision_is_read_as_the_label(label):
    game = begun(scenario("solo-verifier"))
    assert game.read("verifier", scenario("solo-verifier").decision_text(label)).decision == label


@pytest.mark.parametrize(
    ("protocol", "told"),
    [("solo-verifier", "There is at most 1 round."), ("adp", "There are at most 2 rounds.")],
)
def test_agents_are_told_how_many_rounds_there_are(protocol, told):
    (turn,) = begun(scenario(protocol)).turns()
    assert told in turn.chat[0]["content"]
