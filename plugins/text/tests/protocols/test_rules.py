import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkernel import Choice, ConfigError
from mlkernel_text.protocols.answer_format import read_answer
from mlkernel_text.protocols.debate_config import DebateConfig
from mlkernel_text.protocols.decision_scale import SCALE_NAMES, decision_of, decision_scale
from mlkernel_text.protocols.interaction_protocol import Part, Play
from mlkernel_text.protocols.mnip_config import MnipConfig
from mlkernel_text.protocols.nip_config import NipConfig
from mlkernel_text.protocols.solo_verifier import SoloVerifier
from mlkernel_text.protocols.solo_verifier_config import SoloVerifierConfig
from mlkernel_text.protocols.zero_knowledge import ZeroKnowledge
from mlkernel_text.protocols.zero_knowledge_config import ZeroKnowledgeConfig
from mlkernel_text.scenario.scenario import ACCEPT, NEITHER, REJECT, Utterance


def make(name, config):
    return Choice(kind="interaction_protocol", name=name, config=config).make()


def speakers(protocol, seed=0):
    play, order = Play(label=1, seed=seed), []
    while len(order) < protocol.max_rounds:
        order.append(tuple(protocol.parts(play)))
        play = play.followed_by({})
    return order


def test_speakers_take_turns_and_the_verifier_speaks_last():
    both = ("prover0", "prover1")
    assert speakers(make("nip", NipConfig(max_rounds=6))) == [("verifier",), ("prover",)] * 2 + [
        ("verifier",)
    ]
    assert speakers(make("debate", DebateConfig(max_rounds=5))) == [both, ("verifier",)] * 2
    listening = make("debate", DebateConfig(max_rounds=4, verifier_asks=False))
    assert speakers(listening) == [both, both, both, ("verifier",)]


def test_sequential_provers_speak_in_an_order_that_the_seed_decides():
    protocol = make("mnip", MnipConfig(sequential=True, max_rounds=4))
    orders = {tuple(speakers(protocol, seed)) for seed in range(20)}
    first, second = ("prover0",), ("prover1",)
    assert orders == {
        (("verifier",), first, second, ("verifier",)),
        (("verifier",), second, first, ("verifier",)),
    }


@pytest.mark.parametrize("config", [NipConfig(max_rounds=2), NipConfig(min_rounds=6, max_rounds=6)])
def test_impossible_numbers_of_rounds_are_refused(config):
    with pytest.raises(ConfigError, match="_rounds="):
        make("nip", config)


@pytest.mark.parametrize("name", SCALE_NAMES)
def test_every_scale_goes_from_rejection_to_acceptance(name):
    scale = decision_scale(name)
    decisions = [decision_of(scale.confidence(grade)) for grade in scale.grades]
    assert (decisions[0], decisions[-1]) == (REJECT, ACCEPT)
    assert decisions == sorted(decisions, key=[REJECT, NEITHER, ACCEPT].index)
    assert decisions.count(NEITHER) == len(scale.grades) % 2
    assert decisions.count(REJECT) == decisions.count(ACCEPT)
    for label in (0, 1):
        assert decision_of(scale.confidence(scale.word(label))) == label


@pytest.mark.parametrize(
    ("scale", "line", "confidence"),
    [
        ("accept_reject", "**Decision:** Accept.", 1.0),
        ("accept_reject", "decision : no", None),
        ("accept_reject", "> Decision: reject\n", 0.0),
        ("likert_4", "Decision: strongly   reject", 0.0),
        ("likert_7", "Decision: slightly accept", pytest.approx(2 / 3)),
        ("likert_int_11", "Decision: +5", 1.0),
        ("likert_int_11", "Decision: -5", 0.0),
        ("out_of_10", "Decision: 7/10", 0.7),
        ("out_of_100", "Decision: 101", None),
    ],
)
def test_decisions_are_read_from_their_line(scale, line, confidence):
    utterance = read_answer(f"I think.\n{line}", Part(decides="must"), decision_scale(scale))
    assert utterance.confidence == confidence
    assert utterance.is_valid == (confidence is not None)


def test_the_last_decision_counts_and_is_not_part_of_the_message():
    part = Part(channels=("main",), decides="may")
    utterance = read_answer(
        "Hm.\nDecision: accept\nNo!\nDecision: reject", part, decision_scale("accept_reject")
    )
    assert utterance.decision == REJECT
    assert utterance.messages == {"main": "Hm.\nDecision: accept\nNo!"}


def test_a_prover_cannot_decide():
    utterance = read_answer("Decision: accept", Part(channels=("main",)), decision_scale("accept_reject"))
    assert utterance.confidence is None
    assert utterance.messages == {"main": "Decision: accept"}


@given(st.text(), st.sampled_from(["no", "may", "must"]), st.sampled_from(SCALE_NAMES))
def test_any_text_can_be_read(text, decides, scale):
    part = Part(channels=("prover0", "prover1"), decides=decides)
    assert read_answer(text, part, decision_scale(scale)).text == text


def adversarial_seed(protocol):
    return next(
        seed for seed in range(99) if "adversarial_verifier" in protocol.parts(Play(label=1, seed=seed))
    )


def test_zero_knowledge_pays_for_likeness_of_true_proofs_only():
    protocol = ZeroKnowledge(make("nip", NipConfig(max_rounds=3)), ZeroKnowledgeConfig(prover_reward=0.5))
    seed = adversarial_seed(protocol)
    for label, likeness in ((1, 0.5), (0, 0.0)):
        play = Play(label=label, seed=seed)
        for agent, text in (
            ("adversarial_verifier", "why"),
            ("prover", "two words"),
            ("adversarial_verifier", "so"),
            ("simulator", "two more"),
        ):
            assert list(protocol.parts(play)) == [agent]
            decision = ACCEPT if text == "so" else 2
            play = play.followed_by({agent: Utterance(text=text, decision=decision)})
        judgement = protocol.judge(play)
        assert judgement.done
        assert judgement.decision is None
        assert judgement.rewards == {
            "prover": 0.5 * likeness,
            "simulator": likeness,
            "adversarial_verifier": -likeness,
        }


def test_zero_knowledge_needs_somebody_who_knows():
    with pytest.raises(ConfigError, match="this protocol has none"):
        ZeroKnowledge(SoloVerifier(SoloVerifierConfig()), ZeroKnowledgeConfig())
