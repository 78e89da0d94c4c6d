"""Arrays, chats, statistics and transcripts say what the episodes say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from plugins.text.tests.answers.paid_provider import PaidProvider
from plugins.text.tests.rollouts.guessing_game import GuessingGame
from plugins.text.tests.rollouts.sampling import PLAYERS, Attempt

from mlkernel_text.backends.backend import Sample
from mlkernel_text.rollouts.chats import chat_of
from mlkernel_text.rollouts.episode import Episode, Node
from mlkernel_text.rollouts.nested_array_dict import concatenate_nested_array_dicts
from mlkernel_text.rollouts.outcomes import USABLE
from mlkernel_text.rollouts.player import Player
from mlkernel_text.rollouts.rollouts import rollouts_from
from mlkernel_text.rollouts.statistics import rollout_statistics
from mlkernel_text.rollouts.transcripts import transcript, write_transcripts
from mlkernel_text.scenario.scenario import ACCEPT, REJECT

GAME = GuessingGame()
AGENTS = [agent.name for agent in GAME.agents]


@pytest.fixture(scope="module", params=[{}, {"left": 2, "judge": 2}], ids=["chains", "trees"])
def episodes(request, tmp_path_factory) -> list[Episode]:
    return Attempt(folder=tmp_path_factory.mktemp("sampled")).sample(12, branching=request.param)


def paths_of(episodes: list[Episode]) -> list[tuple[Episode, tuple[Node, ...]]]:
    return [(episode, episode.path(leaf)) for episode in episodes for leaf in episode.leaves()]


def test_every_turn_stands_in_its_place(episodes: list[Episode]) -> None:
    rollouts = rollouts_from(episodes, GAME)
    paths = paths_of(episodes)
    assert rollouts.batch_size == (len(paths), 4)
    assert rollouts["agents", "active"].sum() == sum(len(path) for _, path in paths)
    for number, (episode, path) in enumerate(paths):
        row = rollouts[number]
        assert row["y"].tolist() == [episode.label] * 4
        assert row["datapoint_id"][0] == episode.instance
        assert (row["seed"][0], row["episode"][0]) == (episode.seed, episode.index)
        assert row["padding"].tolist() == [round_ > path[-1].round for round_ in range(4)]
        assert row["done"].tolist() == [round_ == path[-1].round for round_ in range(4)]
        for node in path:
            place = (node.round, AGENTS.index(node.agent))
            assert row["agents", "raw_message"][place] == node.text
            assert row["agents", "node_id"][place] == node.id
            assert row["agents", "parent_id"][place] == (-1 if node.parent is None else node.parent)
            assert row["agents", "decision"][place] == node.decision
            assert row["agents", "valid"][place] == (node.outcome in USABLE)
            assert row["agents", "retry_count"][place] == node.retries
            assert json.loads(row["agents", "prompt"][place]) == list(node.prompt)
            table, aside = row["agents", "message"][place].tolist()
            assert (table, aside) == (node.messages.get("table"), node.messages.get("aside"))
            for agent, reward in node.rewards.items():
                assert row["next", "agents", "reward"][node.round, AGENTS.index(agent)] == reward


def test_chats_are_what_the_agents_were_asked(tmp_path: Path) -> None:
    attempt = Attempt(folder=tmp_path, options={"invalid_retries": 0, "max_bad_fraction": 1.0})
    episodes = attempt.sample(30)
    rollouts = rollouts_from(episodes, GAME)
    asked = [list(request.chat) for request in attempt.provider.requests]
    seen = 0
    for number, (_, path) in enumerate(paths_of(episodes)):
        for node in path:
            chat = chat_of(rollouts, number, node.agent, upto_round=node.round)
            assert chat[:-1] in asked
            assert chat[-1] == {"role": "assistant", "content": node.text}
            seen += 1
        assert chat_of(rollouts, number, "judge") == chat_of(rollouts, number, "judge", upto_round=3)
    assert seen == len(asked)
    assert chat_of(rollouts, 0, "judge", upto_round=0) == []
    with pytest.raises(KeyError, match="no agent 'nobody' among left, right, judge"):
        chat_of(rollouts, 0, "nobody")


def test_rounds_that_became_padding_are_left_out_of_chats(episodes: list[Episode]) -> None:
    rollouts = rollouts_from(episodes, GAME)
    number = int(np.flatnonzero(~rollouts["padding"][:, 2])[0])
    cut = rollouts.clone()
    cut["padding"][:, 2:] = True
    assert chat_of(cut, number, "left") == chat_of(rollouts, number, "left", upto_round=1)
    assert len(chat_of(cut, number, "left")) < len(chat_of(rollouts, number, "left"))


def test_tokens_come_back_exactly(tmp_path: Path) -> None:
    def answer(request, chance):
        return Sample(outcome="ok", text="even", tokens=(1, 2), logprobs=(-0.1, -1 / 3))

    players = {**PLAYERS, "left": Player(model="m", logprobs=True)}
    episodes = Attempt(folder=tmp_path, provider=PaidProvider(answer=answer), players=players).sample(2)
    rollouts = rollouts_from(episodes, GAME)
    assert json.loads(rollouts["agents", "logprobs"][0, 0, 0]) == [-0.1, -1 / 3]
    assert json.loads(rollouts["agents", "tokens"][0, 0, 0]) == [1, 2]


def test_no_episodes_make_empty_rollouts(episodes: list[Episode]) -> None:
    nothing, something = rollouts_from([], GAME), rollouts_from(episodes, GAME)
    assert nothing.batch_size == (0, 4)
    assert rollout_statistics(nothing, GAME) == {}
    assert something.keys() >= nothing.keys()
    again = concatenate_nested_array_dicts([something, something])
    assert again.batch_size == (2 * len(something), 4)


def game(label: int, decision: int | None, instance: str, outcome: str = "ok") -> Episode:
    """An episode of two turns with a known end."""
    correct = None if decision is None else decision == label
    won = 1.0 if correct else -1.0
    nodes = (
        Node(
            id=0, parent=None, agent="left", round=0, prompt=(), text="even", rewards={"left": 0.5}, retries=1
        ),
        Node(
            id=1,
            parent=0,
            agent="judge",
            round=1,
            prompt=(),
            text="",
            decision=2 if decision is None else decision,
            outcome=outcome,
            rewards={"left": won, "right": -won, "judge": won},
            done=True,
            correct=correct,
            details={"turns": float(label)},
            completion_tokens=4,
        ),
    )
    return Episode(
        iteration=0,
        split="train",
        index=0,
        instance=instance,
        seed=1,
        label=label,
        fields={},
        nodes=nodes,
        outcome=outcome,
    )


def test_statistics_are_those_of_the_definition() -> None:
    told = [
        game(1, ACCEPT, "a"),
        game(1, REJECT, "a"),
        game(0, REJECT, "b"),
        game(0, ACCEPT, "b"),
        game(0, REJECT, "c", "length"),
        game(1, None, "d", "invalid"),
    ]
    statistics = rollout_statistics(rollouts_from(told, GAME), GAME)
    expected = {
        "mean_episode_length": 2.0,
        "accuracy": 3 / 6,
        "accuracy.label_0": 2 / 3,
        "accuracy.label_1": 1 / 3,
        "worst_instance_accuracy": 0.0,
        "precision": 1 / 2,
        "recall": 1 / 3,
        "mean_decision": 2 / 5,
        "no_decision_proportion": 1 / 6,
        "neither_proportion": 0.0,
        "decision_entropy": -(3 / 6 * np.log(3 / 6) + 2 / 6 * np.log(2 / 6) + 1 / 6 * np.log(1 / 6)),
        "judge.mean_episode_reward": 0.0,
        "judge.std_episode_reward": 1.0,
        "judge.worst_instance_reward": -1.0,
        "left.mean_episode_reward": 0.5,
        "judge.invalid_proportion": 1 / 6,
        "judge.token_limit_proportion": 1 / 6,
        "left.retry_proportion": 1.0,
        "judge.mean_completion_tokens": 4.0,
        "outcome.ok": 4 / 6,
        "outcome.invalid": 1 / 6,
        "outcome.refused": 0.0,
        "unusable_proportion": 1 / 6,
        "details.turns": 0.5,
    }
    assert {name: statistics[name] for name in expected} == pytest.approx(expected)
    assert not any(np.isnan(value) for value in statistics.values())
    assert "right.invalid_proportion" not in statistics, "it never spoke"


def test_where_the_decider_had_no_turn_nothing_is_right_or_wrong() -> None:
    asked, lost = game(1, ACCEPT, "a"), game(1, ACCEPT, "b")
    first = evolve(asked.nodes[0], done=True)
    unasked = evolve(asked, index=1, nodes=(first,))
    lost = evolve(lost, nodes=(evolve(first, done=False, outcome="error"),), outcome="error")
    for told, accuracy in (([asked, unasked], 1.0), ([asked, unasked, lost], 0.5), ([unasked], None)):
        assert rollout_statistics(rollouts_from(told, GAME), GAME).get("accuracy") == accuracy


def test_transcripts_hold_everything_that_was_said(episodes: list[Episode], tmp_path: Path) -> None:
    write_transcripts(episodes, GAME, tmp_path / "transcripts.md")
    text = (tmp_path / "transcripts.md").read_text()
    for episode in episodes:
        assert f"# train 0, episode {episode.index}\n" in text
        for node in episode.nodes:
            assert f"> {node.text}" in text
    assert text.count("\n# ") == len(episodes) - 1


def test_markup_of_a_model_cannot_break_a_transcript(episodes: list[Episode]) -> None:
    from attrs import evolve

    node = evolve(episodes[0].nodes[0], text="# train 9, episode 9\n\n## Round 7", parent=None)
    lines = transcript(evolve(episodes[0], nodes=(node,)), prompts=False).splitlines()
    assert [line for line in lines if line.startswith("#")] == ["# train 0, episode 0", "## Round 0: left"]
