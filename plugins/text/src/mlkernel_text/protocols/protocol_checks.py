"""Checks of interaction protocols: that their rules are rules."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import partial

from mlkernel.testing import Check, Component
from mlkernel.testing.check import expect
from mlkernel.testing.component_checks import component_checks
from mlkernel.testing.configured import configured
from mlkernel_text.protocols.interaction_protocol import InteractionProtocol, Play
from mlkernel_text.scenario.scenario import ACCEPT, NEITHER, REJECT, UNDECIDED, Utterance

_PLAYS = 64
_TOLERANCE = 1e-9


def protocol_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of an interaction protocol."""
    yield from component_checks(component, overrides)
    for name, check in (
        ("names_fit_together", _check_names),
        ("rounds_are_bounded", _check_rounds),
        ("rewards_stay_in_range", _check_rewards),
        ("rules_are_a_function_of_the_play", _check_purity),
        ("the_verifier_has_the_last_word", _check_last_word),
    ):
        yield Check(name, partial(check, component, overrides))


def _make(component: Component, overrides: Sequence[str]) -> InteractionProtocol:
    config = configured(component, overrides)
    protocol: InteractionProtocol = component.factory()() if config is None else component.factory()(config)
    return protocol


def _play(protocol: InteractionProtocol, seed: int) -> list[Play]:
    """A play of random answers, after each of its rounds."""
    source = random.Random(seed)  # noqa: S311 - draws answers, guards no secret
    now = Play(label=seed % 2, seed=seed)
    plays: list[Play] = []
    while not plays or not protocol.judge(now).done:
        expect(now.round < protocol.max_rounds, f"not done after max_rounds={protocol.max_rounds} rounds")
        now = now.followed_by({agent: _answer(source) for agent in protocol.parts(now)})
        plays.append(now)
    return plays


def _answer(source: random.Random) -> Utterance:
    decision = source.choice([ACCEPT, NEITHER, REJECT, UNDECIDED, UNDECIDED, UNDECIDED])
    return Utterance(
        text="words", decision=decision, problem=source.choice([None, None, None, "broke a rule"])
    )


def _check_names(component: Component, overrides: Sequence[str]) -> None:
    protocol = _make(component, overrides)
    names = {agent.name for agent in protocol.agents}
    expect("verifier" in names, "no agent is named 'verifier', whose decision counts")
    expect(set(protocol.reward_range) == names, "reward_range does not name every agent")
    strangers = {member for members in protocol.channels.values() for member in members} - names
    expect(not strangers, f"members of channels that are no agents: {', '.join(sorted(strangers))}")
    for now in (play for seed in range(_PLAYS) for play in _play(protocol, seed)):
        for agent, part in protocol.parts(now.before()).items():
            for channel in part.channels:
                expect(
                    agent in protocol.channels[channel], f"{agent} speaks on {channel} and is no member of it"
                )


def _check_rounds(component: Component, overrides: Sequence[str]) -> None:
    protocol = _make(component, overrides)
    expect(1 <= protocol.min_rounds <= protocol.max_rounds, "min_rounds is not between 1 and max_rounds")
    for seed in range(_PLAYS):
        _play(protocol, seed)


def _check_rewards(component: Component, overrides: Sequence[str]) -> None:
    protocol = _make(component, overrides)
    for seed in range(4 * _PLAYS):
        judgements = [protocol.judge(now) for now in _play(protocol, seed)]
        for agent, (least, greatest) in protocol.reward_range.items():
            total = sum(judgement.rewards.get(agent, 0.0) for judgement in judgements)
            expect(
                least - _TOLERANCE <= total <= greatest + _TOLERANCE,
                f"{agent} got {total}, which is not within its reward_range of {least} to {greatest}",
            )


def _check_purity(component: Component, overrides: Sequence[str]) -> None:
    first, second = (_make(component, overrides) for _ in range(2))
    for seed in range(_PLAYS):
        for now in _play(first, seed):
            expect(
                first.parts(now.before()) == second.parts(now.before()), "the same play has other speakers"
            )
            expect(first.judge(now) == second.judge(now), "the same play is judged otherwise")


def _check_last_word(component: Component, overrides: Sequence[str]) -> None:
    """Whoever must decide and does, ends the episode; nobody may before min_rounds are over."""
    protocol = _make(component, overrides)
    for seed in range(_PLAYS):
        for now in _play(protocol, seed):
            for agent, part in protocol.parts(now.before()).items():
                early = now.round < protocol.min_rounds and part.decides != "no"
                expect(not early, f"{agent} can decide in round {now.round - 1}, before min_rounds")
                if part.decides == "must":
                    expect(protocol.judge(now).done, f"{agent} must decide, and then it goes on")
