import random

from hypothesis import given
from hypothesis import strategies as st

from mlkernel_text.scenario.scenario import ACCEPT, REJECT, Instance
from mlkernel_text.scenarios.cards import Cards
from mlkernel_text.scenarios.cards_config import CardsConfig
from mlkernel_text.scenarios.cards_language import Table

INSTANCE = Instance(
    id="x",
    fields={"question": "g4 h8 d7 a6 | 6", "cards": [["g", 4], ["h", 8], ["d", 7], ["a", 6]], "target": 6},
    label=1,
)


def play(scenario, prover, verifier, instance=INSTANCE):
    game = scenario.begin(instance, 0)
    said = [("prover", game.read("prover", prover))]
    game.advance(dict(said))
    (turn,) = game.turns()
    said.append(("verifier", game.read("verifier", verifier)))
    rewards = game.advance(dict(said[1:])).rewards
    return turn.chat, rewards, game.correct, scenario.details(instance, said)


def test_a_sound_and_faithful_game():
    chat, rewards, correct, details = play(Cards(CardsConfig(), 0), "g4/6 a6/6", "a6/6 yes")
    assert chat == (
        {"role": "system", "content": "verifier"},
        {"role": "user", "content": "g4 h8 d7 a6 | 6 ? a"},
    )
    assert rewards == {"prover": 1.0, "verifier": 1.0}
    assert correct is True
    assert details == {"sound_evidence": 1.0, "faithful_quotation": 1.0}


def test_a_lie_is_heard_as_a_letter_only():
    chat, rewards, correct, details = play(Cards(CardsConfig(), 0), "h6/6", "h6/6 no")
    assert chat[-1]["content"].endswith("? h")
    assert rewards == {"prover": 0.0, "verifier": 0.0}
    assert correct is False
    assert details == {"sound_evidence": 0.0, "faithful_quotation": 0.0}


def test_rewards_may_be_shared():
    scenario = Cards(CardsConfig(shared_reward=True), 0)
    false_claim = Instance(id="x", fields={**INSTANCE.fields, "target": 5}, label=0)
    assert play(scenario, "g4/5", "g4/5 no", false_claim)[1] == {"prover": 1.0, "verifier": 1.0}
    assert play(scenario, "g4/5", "g5/5 yes", false_claim)[1] == {"prover": 0.0, "verifier": 0.0}


def test_who_quotes_or_decides_nothing_breaks_the_rules():
    game = Cards(CardsConfig(), 0).begin(INSTANCE, 0)
    assert game.read("prover", "believe me").problem
    game.advance({"prover": game.silence("prover", "nothing")})
    assert game.turns()[0].chat[-1]["content"].endswith("? -")
    assert game.read("verifier", "a6/6 perhaps").problem
    assert [game.read("verifier", text).decision for text in ("yes ", "x no")] == [ACCEPT, REJECT]


@given(st.integers(0, 1000), st.integers(2, 8))
def test_labels_tell_whether_a_card_shows_the_target(index, cards):
    instance = Cards(CardsConfig(cards=cards), 1).instances("train")[index]
    table = Table(tuple(map(tuple, instance.fields["cards"])), instance.fields["target"])
    assert len(table.cards) == cards
    assert instance.label == any(value == table.target for _, value in table.cards)
    assert instance.fields["question"] == table.question


def test_examples_are_what_the_game_asks_and_reads():
    scenario, source = Cards(CardsConfig(), 0), random.Random(0)
    chats = [chat for step in range(300) for chat in scenario.curriculum.examples(source, step / 300)]
    kinds = {chat[0]["content"] for chat in chats}
    assert kinds == {"recite", "prover", "verifier"}
    for system, user, answer in chats:
        if system["content"] == "verifier":
            assert scenario.begin(INSTANCE, 0).read("verifier", answer["content"]).is_valid
            assert user["content"].split(" ? ")[0].count("|") == 1


def test_recitation_gives_way_to_demonstrations():
    def share(progress):
        source, curriculum = random.Random(1), Cards(CardsConfig(), 0).curriculum
        return sum(len(curriculum.examples(source, progress)) == 1 for _ in range(1000)) / 1000

    assert 0.55 < share(0.0) < 0.65
    assert 0.1 < share(0.9) < 0.2
