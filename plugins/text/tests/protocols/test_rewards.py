"""Rewards against tables that were computed by hand."""

import pytest

from mlkernel import Choice
from mlkernel_text.protocols.adp_config import AdpConfig
from mlkernel_text.protocols.debate_config import DebateConfig
from mlkernel_text.protocols.interaction_protocol import Play
from mlkernel_text.protocols.merlin_arthur_config import MerlinArthurConfig
from mlkernel_text.protocols.mnip_config import MnipConfig
from mlkernel_text.protocols.nip_config import NipConfig
from mlkernel_text.protocols.solo_verifier_config import SoloVerifierConfig
from mlkernel_text.scenario.scenario import ACCEPT, NEITHER, REJECT, UNDECIDED, Utterance


def make(name, config):
    return Choice(kind="interaction_protocol", name=name, config=config).make()


def totals(protocol, label, verifier_says, seed=0):
    """Rewards of an episode in which the verifier says these decisions one after the other."""
    play, decisions = Play(label=label, seed=seed), iter(verifier_says)
    sums = dict.fromkeys((agent.name for agent in protocol.agents), 0.0)
    while True:
        said = {}
        for agent in protocol.parts(play):
            decision = next(decisions) if agent == "verifier" else UNDECIDED
            said[agent] = Utterance(text="", decision=decision)
        play = play.followed_by(said)
        judgement = protocol.judge(play)
        for agent, reward in judgement.rewards.items():
            sums[agent] += reward
        if judgement.done:
            assert next(decisions, None) is None, "it ended too soon"
            return sums


@pytest.mark.parametrize(
    ("label", "decision", "prover", "verifier"),
    [
        (1, ACCEPT, 1.0, 1.0),
        (0, ACCEPT, 1.0, -1.0),
        (1, REJECT, 0.0, -1.0),
        (0, REJECT, 0.0, 1.0),
        (1, NEITHER, 0.0, 0.0),
        (1, UNDECIDED, 0.0, -1.0),
    ],
)
def test_the_prover_of_adp_wants_acceptance(label, decision, prover, verifier):
    assert totals(make("adp", AdpConfig()), label, [decision]) == {"prover": prover, "verifier": verifier}


def test_shared_rewards_are_equal_in_every_round():
    config = NipConfig(shared_reward=True, verifier_no_guess_reward=-0.25, min_rounds=1, max_rounds=5)
    protocol = make("nip", config)
    assert totals(protocol, 1, [UNDECIDED, UNDECIDED, ACCEPT]) == {"prover": 0.5, "verifier": 0.5}
    assert totals(protocol, 1, [UNDECIDED, UNDECIDED, UNDECIDED]) == {"prover": -1.5, "verifier": -1.5}


def test_a_verifier_that_asks_early_is_not_paid_for_it():
    protocol = make("nip", NipConfig(verifier_no_guess_reward=-0.25, min_rounds=3, max_rounds=5))
    # In the first of its three turns it cannot decide yet, in the second it could.
    assert totals(protocol, 0, [ACCEPT, UNDECIDED, REJECT]) == {"prover": 0.0, "verifier": 0.75}


@pytest.mark.parametrize("decision", [ACCEPT, REJECT])
@pytest.mark.parametrize("label", [0, 1])
def test_debaters_play_for_one_prize(label, decision):
    sums = totals(make("debate", DebateConfig(min_rounds=2, max_rounds=2)), label, [decision])
    assert (sums["prover0"], sums["prover1"]) == ((0.0, 1.0) if decision == ACCEPT else (1.0, 0.0))
    assert sums["verifier"] == (1.0 if decision == label else -1.0)


def test_several_provers_stand_or_fall_together():
    sums = totals(make("mnip", MnipConfig(max_rounds=3)), 0, [UNDECIDED, ACCEPT])
    assert sums == {"prover0": 1.0, "prover1": 1.0, "verifier": -1.0}


def test_merlin_and_morgana_want_opposite_things_and_only_the_speaker_is_paid():
    protocol = make("merlin-arthur", MerlinArthurConfig(decision_scale="likert_5"))
    speakers = {seed: next(iter(protocol.parts(Play(label=1, seed=seed)))) for seed in range(40)}
    assert set(speakers.values()) == {"merlin", "morgana"}
    for seed, speaker in speakers.items():
        right, wrong = totals(protocol, 1, [ACCEPT], seed), totals(protocol, 1, [REJECT], seed)
        silent = "morgana" if speaker == "merlin" else "merlin"
        assert (right["verifier"], wrong["verifier"], right[silent], wrong[silent]) == (1.0, -1.0, 0.0, 0.0)
        assert (right[speaker], wrong[speaker]) == ((1.0, 0.0) if speaker == "merlin" else (0.0, 1.0))
        not_to_know = totals(protocol, 1, [NEITHER], seed)["verifier"]
        assert not_to_know == (0.0 if speaker == "merlin" else 1.0)


def test_a_drawn_stance_decides_what_the_prover_wins():
    protocol = make("nip", NipConfig(randomise_prover_stance=True, max_rounds=3))
    aims = {protocol.parts(Play(label=1, seed=seed, history=({},)))["prover"].aim for seed in range(20)}
    assert aims == {"accept", "reject"}
    for seed in range(20):
        aim = protocol.parts(Play(label=1, seed=seed, history=({},)))["prover"].aim
        sums = totals(protocol, 1, [UNDECIDED, REJECT], seed)
        assert sums["prover"] == (1.0 if aim == "reject" else 0.0)


@pytest.mark.parametrize(("forced", "reward"), [("accept", 1.0), ("reject", -1.0), ("truth", 1.0)])
def test_a_forced_guess_counts_in_place_of_the_own(forced, reward):
    protocol = make("solo-verifier", SoloVerifierConfig(force_guess=forced))
    assert totals(protocol, 1, [REJECT]) == {"verifier": reward}


def test_a_prover_that_breaks_the_rules_can_end_the_episode():
    protocol = make("adp", AdpConfig(prover_invalid_response_penalty=-2.0))
    play = Play(label=1, seed=0).followed_by({"prover": Utterance(text="", problem="empty")})
    judgement = protocol.judge(play)
    assert (judgement.done, judgement.rewards, judgement.decision) == (True, {"prover": -2.0}, None)
    assert not make("adp", AdpConfig()).judge(play).done
