"""Checks of scenarios: the promises that trainers build on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from attrs import frozen

from mlkernel.testing import Check, Component
from mlkernel.testing.check import expect
from mlkernel.testing.component_checks import component_checks
from mlkernel.testing.configured import configured
from mlkernel_text.chat import ChatMessage
from mlkernel_text.scenario.scenario import Instance, Interaction, RoundResult, Scenario, Utterance

EPISODES = 24
_TOLERANCE = 1e-9
_NOISE = (
    "",
    " ",
    "\x00\ud7ff\U0001f600",
    "Decision:",
    "decision: ACCEPT\nDecision: maybe",
    "Decision: accept",
    "Decision: reject",
    "Answer: 7",
    "yes",
    "no",
    "a3/7 yes",
    "{{ 1 / 0 }} {% raw %}",
    "<prover0>a</prover0><prover1>b</prover1>",
    "x" * 20_000,
)

Answers = Callable[[str], str]
"""Agent → what it writes."""


def scenario_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a scenario."""
    yield from component_checks(component, overrides)
    for name, check in (
        ("instances_are_the_same_for_the_same_seed", _check_instances),
        ("splits_are_disjoint", _check_splits),
        ("labels_and_ids_are_sound", _check_labels),
        ("rounds_are_bounded", _check_rounds),
        ("rewards_name_every_agent_and_stay_in_range", _check_rewards),
        ("chats_only_grow", _check_chats),
        ("rules_are_a_function_of_seed_and_answers", _check_purity),
        ("copies_are_independent", _check_copies),
        ("any_text_can_be_read", _check_noise),
        ("silence_is_no_end", _check_silence),
        ("instructions_end_the_system_prompt", _check_instructions),
        ("the_curriculum_gives_chats", _check_curriculum),
    ):
        yield Check(name, partial(check, component, overrides))


@frozen(kw_only=True)
class PlayedRound:
    """What happened in one round."""

    chats: Mapping[str, tuple[ChatMessage, ...]]
    said: Mapping[str, Utterance]
    result: RoundResult


def make_scenario(component: Component, overrides: Sequence[str], seed: int = 0) -> Scenario:
    """The scenario, made as a trainer makes it."""
    config = configured(component, overrides)
    arguments = (seed,) if config is None else (config, seed)
    scenario: Scenario = component.factory()(*arguments)
    return scenario


def play(interaction: Interaction, answers: Answers, most_rounds: int) -> list[PlayedRound]:
    """Play to the end.

    :raises CheckFailed: it has no end.
    """
    rounds: list[PlayedRound] = []
    while not interaction.done:
        expect(len(rounds) < most_rounds, f"an episode is not done after max_rounds={most_rounds} rounds")
        turns = interaction.turns()
        expect(bool(turns), f"nobody speaks in round {len(rounds)}, and it is not done")
        said = {turn.agent: interaction.read(turn.agent, answers(turn.agent)) for turn in turns}
        result = interaction.advance(said)
        rounds.append(PlayedRound(chats={turn.agent: turn.chat for turn in turns}, said=said, result=result))
    expect(interaction.turns() == (), "somebody speaks although it is done")
    return rounds


def noise(seed: int) -> Answers:
    """Answers without sense, some of which decide something."""
    source = random.Random(seed)  # noqa: S311 - draws answers, guards no secret
    return lambda agent: source.choice(_NOISE)


def episodes(scenario: Scenario, count: int = EPISODES) -> Iterator[tuple[Instance, int]]:
    """Some problems, each with the seed of an episode."""
    instances = scenario.instances("train")
    return ((instances[seed % len(instances)], seed) for seed in range(count))


def _check_instances(component: Component, overrides: Sequence[str]) -> None:
    first, second = (make_scenario(component, overrides, seed=3).instances("test") for _ in range(2))
    count = min(len(first), 20)
    expect(
        len(first) == len(second) and list(first[:count]) == list(second[:count]),
        "two scenarios of one seed have other problems; derive randomness from the seed, not from a global generator",
    )


def _check_splits(component: Component, overrides: Sequence[str]) -> None:
    scenario = make_scenario(component, overrides)
    seen: dict[str, str] = {}
    for split in ("train", "validation", "test"):
        for instance in scenario.instances(split)[:200]:
            other = seen.setdefault(repr(sorted(instance.fields.items())), split)
            expect(other == split, f"{instance.id} of {split} is a problem of {other}, too")


def _check_labels(component: Component, overrides: Sequence[str]) -> None:
    instances = make_scenario(component, overrides).instances("train")[:200]
    wrong = [instance.id for instance in instances if instance.label not in {0, 1}]
    expect(not wrong, f"labels are 0 or 1, but not those of {', '.join(wrong[:3])}")
    ids = [instance.id for instance in instances]
    expect(len(set(ids)) == len(ids), "two problems of a split have one id")


def _check_rounds(component: Component, overrides: Sequence[str]) -> None:
    scenario = make_scenario(component, overrides)
    for instance, seed in episodes(scenario):
        play(scenario.begin(instance, seed), lambda agent: "Go on.", scenario.max_rounds)


def _check_rewards(component: Component, overrides: Sequence[str]) -> None:
    scenario = make_scenario(component, overrides)
    names = {agent.name for agent in scenario.agents}
    expect(set(scenario.reward_range) == names, "reward_range does not name every agent")
    expect(scenario.decider in names, f"the decider {scenario.decider!r} is none of the agents")
    for instance, seed in episodes(scenario, 4 * EPISODES):
        totals = dict.fromkeys(names, 0.0)
        for played in play(scenario.begin(instance, seed), noise(seed), scenario.max_rounds):
            expect(set(played.result.rewards) == names, "the rewards of a round do not name every agent")
            for agent, reward in played.result.rewards.items():
                totals[agent] += reward
        for agent, total in totals.items():
            least, greatest = scenario.reward_range[agent]
            expect(
                least - _TOLERANCE <= total <= greatest + _TOLERANCE,
                f"{agent} got {total}, which is not within its reward_range of {least} to {greatest}",
            )


def _check_chats(component: Component, overrides: Sequence[str]) -> None:
    scenario = make_scenario(component, overrides)
    for instance, seed in episodes(scenario):
        so_far: dict[str, tuple[ChatMessage, ...]] = {}
        for played in play(scenario.begin(instance, seed), noise(seed), scenario.max_rounds):
            for agent, chat in played.chats.items():
                before = so_far.get(agent, ())
                expect(
                    chat[: len(before)] == before,
                    f"the chat of {agent} has changed where it should have grown",
                )
                expect(
                    chat[-1]["role"] == "user", f"the chat of {agent} ends with the role {chat[-1]['role']}"
                )
                so_far[agent] = (*chat, {"role": "assistant", "content": played.said[agent].text})


def _check_purity(component: Component, overrides: Sequence[str]) -> None:
    first, second = (make_scenario(component, overrides) for _ in range(2))
    for instance, seed in episodes(first):
        runs = [
            play(scenario.begin(instance, seed), noise(seed), scenario.max_rounds)
            for scenario in (first, second)
        ]
        expect(runs[0] == runs[1], f"the same answers to {instance.id} with seed {seed} bring something else")


def _check_copies(component: Component, overrides: Sequence[str]) -> None:
    scenario = make_scenario(component, overrides)
    for instance, seed in episodes(scenario):
        original = scenario.begin(instance, seed)
        expected = play(original.copy(), noise(seed), scenario.max_rounds)
        play(original.copy(), noise(seed + 1), scenario.max_rounds)
        expect(original.round == 0 and not original.done, "to play a copy changes the original")
        expect(
            play(original, noise(seed), scenario.max_rounds) == expected,
            "an episode goes otherwise after a copy of it has been played",
        )


def _check_noise(component: Component, overrides: Sequence[str]) -> None:
    scenario = make_scenario(component, overrides)
    for instance, seed in episodes(scenario, 4):
        interaction = scenario.begin(instance, seed)
        for turn in interaction.turns():
            for text in _NOISE:
                utterance = interaction.read(turn.agent, text)
                expect(utterance.text == text, "the text of an utterance is not what was written")
                unknown = set(utterance.messages) - set(scenario.channels)
                expect(not unknown, f"messages on channels that do not exist: {', '.join(unknown)}")


def _check_silence(component: Component, overrides: Sequence[str]) -> None:
    scenario = make_scenario(component, overrides)
    for instance, seed in episodes(scenario):
        interaction = scenario.begin(instance, seed)
        for _ in range(scenario.max_rounds):
            turns = interaction.turns()
            interaction.advance({turn.agent: interaction.silence(turn.agent, "no answer") for turn in turns})
            if interaction.done:
                break
        expect(interaction.done, "an episode in which nobody says anything has no end")
        expect(interaction.correct is not True, "to say nothing counts as right")


def _check_instructions(component: Component, overrides: Sequence[str]) -> None:
    scenario = make_scenario(component, overrides)
    said = {agent.name: "Speak in rhymes." for agent in scenario.agents}
    instance, seed = next(episodes(scenario))
    for turn in scenario.begin(instance, seed, instructions=said).turns():
        text = turn.chat[0]["content"]
        expect(text.endswith(said[turn.agent]), f"the system prompt of {turn.agent} lacks its instructions")


def _check_curriculum(component: Component, overrides: Sequence[str]) -> None:
    curriculum = make_scenario(component, overrides).curriculum
    if curriculum is None:
        return
    for progress in (0.0, 0.5, 1.0):
        first, second = (curriculum.examples(random.Random(5), progress) for _ in range(2))  # noqa: S311
        expect(first == second, "the curriculum draws from another generator than the one it is given")
        expect(bool(first), "the curriculum gives no example")
        for chat in first:
            expect(
                chat[-1]["role"] == "assistant",
                "an example of the curriculum has nothing to learn at its end",
            )
