"""Values of turns and pairs of answers, over trees that are grown by chance."""

from __future__ import annotations

import random
from statistics import fmean

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkernel_text import Episode, Node, ResponseTrees, chat_of, rollouts_from, up_to_turns
from mlkernel_text.scenarios.cards import Cards
from mlkernel_text.scenarios.cards_config import CardsConfig
from mlkernel_text.trainer.preference_pairs import across_threshold, all_pairs, apart_by, best_and_worst
from mlkernel_text.trainer.training_rows import preference_rows

SCENARIO = Cards(CardsConfig(), 0)
PROVER, VERIFIER = 0, 1


def tree(seed, rewards):
    """An episode; *rewards* of prover and verifier for each answer of the verifier to each of the prover's."""
    told = ({"role": "system", "content": "play"}, {"role": "user", "content": f"problem {seed}"})
    nodes = [
        Node(id=number, parent=None, agent="prover", round=0, prompt=told, text=f"claim {number}")
        for number in range(len(rewards))
    ]
    for parent, answers in enumerate(rewards):
        heard = (told[0], {"role": "user", "content": f"problem {seed} claim {parent}"})
        for prover, verifier in answers:
            node = Node(
                id=len(nodes), parent=parent, agent="verifier", round=1, prompt=heard, done=True,
                text=f"decision {len(nodes)}", rewards={"prover": prover, "verifier": verifier}, correct=True,
            )  # fmt: skip
            nodes.append(node)
    return Episode(
        iteration=0,
        split="train",
        index=seed,
        instance=f"i{seed}",
        seed=seed,
        label=1,
        fields={},
        nodes=tuple(nodes),
    )


reward = st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 0.25, 1.0]))
forests = st.lists(
    st.lists(st.lists(reward, min_size=1, max_size=3), min_size=1, max_size=3), min_size=1, max_size=3
)


@given(forests)
def test_a_turn_is_worth_the_mean_of_its_children(forest):
    trees = ResponseTrees(rollouts_from([tree(seed, one) for seed, one in enumerate(forest)], SCENARIO))
    for turn in trees.turns.values():
        answers = forest[turn.episode]
        if turn.agent == PROVER:
            assert trees.value(turn) == pytest.approx(fmean(prover for prover, _ in answers[turn.node]))
        else:
            leaves = [leaf for answer in answers for leaf in answer]
            assert trees.value(turn) == leaves[turn.node - len(answers)][1]


@given(forests)
def test_answers_are_compared_at_every_turn_the_first_included(forest):
    trees = ResponseTrees(rollouts_from([tree(seed, one) for seed, one in enumerate(forest)], SCENARIO))
    assert [len(siblings) for siblings in trees.siblings(PROVER)] == [len(answers) for answers in forest]
    expected = [len(leaves) for answers in forest for leaves in answers]
    assert [len(siblings) for siblings in trees.siblings(VERIFIER)] == expected


@given(forests, st.floats(0.05, 0.95))
def test_a_pair_prefers_the_better_of_two_answers_to_one_chat(forest, bound):
    rollouts = rollouts_from([tree(seed, one) for seed, one in enumerate(forest)], SCENARIO)
    trees = ResponseTrees(rollouts)
    for agent, name in ((PROVER, "prover"), (VERIFIER, "verifier")):
        for siblings in trees.siblings(agent):
            every = all_pairs(siblings, trees.value)
            chance = random.Random(0)
            across = across_threshold(siblings, trees.value, bound, chance)
            apart = apart_by(siblings, trees.value, bound, chance)
            extreme = best_and_worst(siblings, trees.value)
            for pair in [*every, *across, *apart, *extreme]:
                assert pair in every
                assert trees.value(pair.preferred) > trees.value(pair.rejected)
            assert all(trees.value(pair.preferred) >= bound > trees.value(pair.rejected) for pair in across)
            assert all(trees.value(p.preferred) - trees.value(p.rejected) >= bound for p in apart)
            assert bool(extreme) == bool(every)
            rows = preference_rows(
                up_to_turns(rollouts, [pair.preferred for pair in every]),
                up_to_turns(rollouts, [pair.rejected for pair in every]),
                name,
            )
            assert [row["preferred_output"][0]["content"] for row in rows] == [
                p.preferred.text for p in every
            ]


def test_an_answer_that_breaks_the_rules_is_never_preferred():
    episode = tree(0, [[(0.0, 1.0), (0.0, 0.0)]])
    broken = [node if node.text != "decision 1" else _invalid(node) for node in episode.nodes]
    trees = ResponseTrees(rollouts_from([_with(episode, broken)], SCENARIO))
    (siblings,) = trees.siblings(VERIFIER)
    assert all_pairs(siblings, trees.value) == []


def test_paths_are_cut_after_a_turn():
    rollouts = rollouts_from([tree(0, [[(1.0, 1.0)], [(0.0, 0.0)]])], SCENARIO)
    trees = ResponseTrees(rollouts)
    (siblings,) = trees.siblings(PROVER)
    cut = up_to_turns(rollouts, siblings)
    assert [chat_of(cut, path, "verifier") for path in range(2)] == [[], []]
    assert [chat_of(cut, path, "prover")[-1]["content"] for path in range(2)] == ["claim 0", "claim 1"]


def _invalid(node):
    return attrs.evolve(node, outcome="invalid", problem="nonsense")


def _with(episode, nodes):
    return attrs.evolve(episode, nodes=tuple(nodes))
