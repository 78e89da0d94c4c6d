"""What episodes are depends on seeds only; what was sampled is never sampled again; what fails is data."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from plugins.text.tests.answers.paid_provider import PaidProvider
from plugins.text.tests.rollouts.sampling import PLAYERS, Attempt

from mlkernel import RunStopped, UsageError
from mlkernel_text.answers.budget import BudgetReached
from mlkernel_text.backends.backend import Capabilities, Sample
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.rollouts.episode import Episode
from mlkernel_text.rollouts.player import Player
from mlkernel_text.rollouts.sampling_stage import SamplingFailed

TREES = {"left": 2, "judge": 3}


@pytest.mark.parametrize("branching", [{}, TREES])
@pytest.mark.parametrize("other", ["slow", "one by one", "two hundred", "many failures", "single requests"])
def test_timing_and_concurrency_change_nothing(tmp_path: Path, other: str, branching: dict[str, int]) -> None:
    def flaky(request, chance):
        return ProviderError("too fast", kind="rate_limit") if chance.random() < 0.3 else None

    variants = {
        "slow": Attempt(
            folder=tmp_path / "b",
            provider=PaidProvider(timing=1, latency=lambda chance: chance.expovariate(1)),
        ),
        "one by one": Attempt(folder=tmp_path / "b", limits={"concurrency": 1}),
        "two hundred": Attempt(folder=tmp_path / "b", limits={"concurrency": 200}),
        "many failures": Attempt(folder=tmp_path / "b", provider=PaidProvider(timing=2, fails_before=flaky)),
        "single requests": Attempt(
            folder=tmp_path / "b", options={"episodes_in_flight": 1, "max_bad_fraction": 1.0}
        ),
    }
    count = 6 if branching else 40
    expected = Attempt(folder=tmp_path / "a").sample(count, branching=branching)
    assert variants[other].sample(count, branching=branching) == expected
    assert [episode.index for episode in expected] == list(range(count))
    assert len({episode.seed for episode in expected}) == count


def test_a_resumed_run_samples_only_what_is_missing(tmp_path: Path) -> None:
    expected = Attempt(folder=tmp_path / "undisturbed").sample(30)
    first = Attempt(folder=tmp_path / "a", options={"episodes_in_flight": 4, "max_bad_fraction": 1.0})
    first.should_stop = lambda: "enough" if len(first.provider.requests) > 40 else None
    with pytest.raises(RunStopped, match="enough"):
        first.sample(30)
    journalled = {episode.index for episode in first.journal.episodes()}
    assert 0 < len(journalled) < 30

    told = []
    second = Attempt(folder=tmp_path / "a", on_episode=told.append)
    assert second.sample(30) == expected
    assert sorted(episode.index for episode in told) == list(range(30))
    assert first.provider.bought.keys().isdisjoint(second.provider.bought), "nothing is paid for twice"

    third = Attempt(folder=tmp_path / "a")
    assert third.sample(30) == expected
    assert not third.provider.requests


def test_a_stop_keeps_answers_that_are_on_their_way(tmp_path: Path) -> None:
    first = Attempt(folder=tmp_path, provider=PaidProvider(latency=lambda chance: 1.0))
    first.should_stop = lambda: len(first.provider.requests) > 100
    with pytest.raises(RunStopped):
        first.sample(60)
    assert len(first.provider.bought) == len(first.provider.requests)
    second = Attempt(folder=tmp_path)
    second.sample(60)
    assert first.provider.bought.keys().isdisjoint(second.provider.bought)


def test_a_stop_does_not_wait_longer_than_told(tmp_path: Path) -> None:
    provider = PaidProvider(latency=lambda chance: 50.0)
    attempt = Attempt(
        folder=tmp_path,
        provider=provider,
        should_stop=lambda: bool(provider.requests),
        options={"stop_grace": 3.0, "max_bad_fraction": 1.0},
    )
    with pytest.raises(RunStopped):
        attempt.sample(10)
    assert not provider.bought
    assert provider.in_flight == 0


def test_what_is_free_is_not_waited_for(tmp_path: Path) -> None:
    free = PaidProvider(
        latency=lambda chance: 1e9, capabilities=Capabilities(seed=True, n=True, metered=False)
    )
    attempt = Attempt(folder=tmp_path, provider=free, should_stop=lambda: bool(free.requests))
    attempt.limits = {"timeout": 1e10}
    attempt.options = {"stop_grace": 1e10}
    with pytest.raises(RunStopped):
        attempt.sample(10)


def test_a_torn_journal_is_mended(tmp_path: Path) -> None:
    expected = Attempt(folder=tmp_path).sample(5)
    path = Attempt(folder=tmp_path).journal.path
    content = path.read_bytes()
    for size in (len(content) - 1, len(content) - 40, 10, 0):
        path.write_bytes(content[:size])
        assert Attempt(folder=tmp_path).sample(5) == expected
        assert len(path.read_text().splitlines()) == 5


def test_a_damaged_journal_is_told_with_its_line(tmp_path: Path) -> None:
    attempt = Attempt(folder=tmp_path)
    attempt.sample(3)
    lines = attempt.journal.path.read_text().splitlines(keepends=True)
    attempt.journal.path.write_text(lines[0] + lines[1].replace("nodes", "knots") + lines[2])
    with pytest.raises(UsageError, match=r"train-0000\.jsonl:2 holds no episode"):
        attempt.sample(3)


def test_a_journal_of_another_run_is_refused(tmp_path: Path) -> None:
    attempt = Attempt(folder=tmp_path)
    attempt.sample(3)
    content = attempt.journal.path.read_text()
    attempt.journal.path.write_text(content.replace('"seed":', '"seed":1'))
    with pytest.raises(UsageError, match="episode of another run"):
        attempt.sample(3)


@pytest.mark.parametrize("outcome", ["refused", "filtered", "overlong", "error"])
def test_what_a_provider_does_not_answer_is_an_outcome(tmp_path: Path, outcome: str) -> None:
    def answer(request, chance):
        is_met = chance.random() < 0.1
        return (
            Sample(outcome=outcome, problem="because") if is_met else Sample(outcome="ok", text="even more")
        )

    attempt = Attempt(folder=tmp_path, provider=PaidProvider(answer=answer))
    episodes = attempt.sample(40)
    met = [episode for episode in episodes if episode.outcome == outcome]
    assert 0 < len(met) < 40
    for episode in met:
        (first, *_) = [node for node in episode.nodes if node.outcome == outcome]
        assert first.problem == episode.problem == "because"
        assert first.text == ""
        assert first.messages == {}
    ends = [any(node.done for node in episode.nodes) for episode in met]
    assert all(ends) if outcome != "error" else not any(ends)


def test_cut_answers_are_read(tmp_path: Path) -> None:
    def answer(request, chance):
        return Sample(outcome="length", text="even if it were")

    (episode,) = Attempt(folder=tmp_path, provider=PaidProvider(answer=answer)).sample(1)
    assert episode.nodes[0].outcome == "length"
    assert episode.nodes[0].messages == {"table": "even if it were"}
    assert episode.outcome == "invalid", "it is no decision"


def test_an_answer_that_breaks_the_rules_is_asked_for_again_with_another_seed(tmp_path: Path) -> None:
    attempt = Attempt(folder=tmp_path, options={"invalid_retries": 3, "max_bad_fraction": 1.0})
    episodes = attempt.sample(30)
    nodes = [node for episode in episodes for node in episode.nodes]
    assert {node.retries for node in nodes if node.outcome == "ok"} == {0, 1, 2, 3}
    assert {node.retries for node in nodes if node.outcome == "invalid"} == {3}
    assert sum(node.retries + 1 for node in nodes) == len(attempt.provider.requests)
    assert len({request.seed for request in attempt.provider.requests}) == len(attempt.provider.requests)


def test_too_many_bad_episodes_stop_the_stage_and_errors_are_asked_again(tmp_path: Path) -> None:
    def broken(request, chance):
        return ProviderError("it is down", kind="server")

    first = Attempt(
        folder=tmp_path,
        provider=PaidProvider(fails_before=broken),
        options={"max_bad_fraction": 0.2},
        limits={"max_retries": 1},
    )
    with pytest.raises(
        SamplingFailed, match=r"too many of 50 episodes are unusable \(11 error\).*server: it is down"
    ):
        first.sample(50)
    assert not list(first.journal.episodes())
    expected = Attempt(folder=tmp_path / "undisturbed").sample(50)
    assert Attempt(folder=tmp_path).sample(50) == expected


@pytest.mark.parametrize("kind", ["auth", "quota", "daily_limit", "not_found", "unsupported"])
def test_what_no_request_can_pass_is_raised(tmp_path: Path, kind: str) -> None:
    def refuse(request, chance):
        return ProviderError("no", kind=kind) if chance.random() < 0.1 else None

    attempt = Attempt(folder=tmp_path, provider=PaidProvider(fails_before=refuse))
    with pytest.raises(ProviderError) as raised:
        attempt.sample(50)
    assert raised.value.kind == kind
    assert Attempt(folder=tmp_path).sample(50) == Attempt(folder=tmp_path / "undisturbed").sample(50)


@pytest.mark.parametrize("branching", [{}, TREES])
def test_a_reached_budget_stops_and_a_higher_one_goes_on(tmp_path: Path, branching: dict[str, int]) -> None:
    expected = Attempt(folder=tmp_path / "undisturbed").sample(8, branching=branching)
    bought = set()
    for cap in (0.1, 0.2, 0.21, 0.3):
        attempt = Attempt(folder=tmp_path / "a", budget={"max_cost": cap})
        with pytest.raises(BudgetReached, match=r"budget\.max_cost"):
            attempt.sample(8, branching=branching)
        assert attempt.provider.bought.keys().isdisjoint(bought)
        bought |= attempt.provider.bought.keys()
        assert cap - 0.02 < 0.01 * len(bought) <= cap
    assert (
        Attempt(folder=tmp_path / "a", budget={"max_cost": 100.0}).sample(8, branching=branching) == expected
    )


def test_test_episodes_are_the_same_draw_in_each_iteration(tmp_path: Path) -> None:
    def seeds(split: str, iteration: int) -> list[int | None]:
        attempt = Attempt(folder=tmp_path / f"{split}-{iteration}", limits={"concurrency": 1})
        attempt.sample(5, split=split, iteration=iteration)
        return [request.seed for request in attempt.provider.requests]

    assert seeds("test", 0) == seeds("test", 3)
    assert seeds("train", 0) != seeds("train", 3)
    assert seeds("validation", 0) != seeds("test", 0)


def test_siblings_come_from_one_request(tmp_path: Path) -> None:
    def answer(request, chance):
        return Sample(
            outcome="ok",
            text=f"even {chance.random()}" if "judge" not in request.chat[0]["content"] else "yes",
        )

    together = Attempt(folder=tmp_path / "a", provider=PaidProvider(answer=answer))
    (episode,) = together.sample(1, branching={"left": 3, "judge": 2})
    assert [request.n for request in together.provider.requests] == [3, 1, 1, 1, 2, 2, 2]
    assert len({node.text for node in episode.nodes if node.agent == "left"}) == 3
    alone = PaidProvider(answer=answer, capabilities=Capabilities(n=False))
    (same_shape,) = Attempt(folder=tmp_path / "b", provider=alone).sample(
        1, branching={"left": 3, "judge": 2}
    )
    assert {request.n for request in alone.requests} == {1}
    assert [node.parent for node in same_shape.nodes] == [node.parent for node in episode.nodes]
    assert len({node.text for node in same_shape.nodes if node.agent == "left"}) == 3


def test_players_decide_how_agents_are_asked(tmp_path: Path) -> None:
    left = Player(
        model="big",
        temperature=0.5,
        top_p=0.9,
        max_tokens=7,
        stop=("\n",),
        instructions="Be brief.",
        logprobs=True,
    )
    attempt = Attempt(folder=tmp_path, players={**PLAYERS, "left": left})
    attempt.sample(3)
    requests = [request for request in attempt.provider.requests if request.model == "big"]
    assert requests
    for request in requests:
        assert request.chat[0]["content"] == "You are left. Be brief."
        assert (request.temperature, request.top_p, request.max_tokens, request.stop) == (
            0.5,
            0.9,
            7,
            ("\n",),
        )
        assert request.logprobs


def test_an_agent_without_a_player_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no player is given for right"):
        Attempt(folder=tmp_path, players={"left": PLAYERS["left"], "judge": PLAYERS["judge"]}).sample(1)


def test_a_scenario_that_fails_says_in_which_episode(tmp_path: Path) -> None:
    def answer(request, chance):
        return Sample(outcome="ok", text=None)  # no text at all, which the game cannot split

    with pytest.raises(AttributeError) as raised:
        Attempt(folder=tmp_path, provider=PaidProvider(answer=answer)).sample(1)
    assert "train-0" in "".join(raised.value.__notes__)


def test_answers_are_on_disk_before_the_episode_that_uses_them(tmp_path: Path) -> None:
    attempt = Attempt(folder=tmp_path / "a")

    def copy_files(episode: Episode) -> None:
        shutil.copytree(tmp_path / "a", tmp_path / f"killed-{episode.index}")

    attempt.on_episode = copy_files
    episodes = attempt.sample(6)
    for episode in episodes:
        folder = tmp_path / f"killed-{episode.index}"
        assert episode in list(Attempt(folder=folder).journal.episodes())
        Attempt(folder=folder).journal.path.unlink()
        after = Attempt(folder=folder)
        assert after.sample(6) == episodes
        asked_again = {request.seed for request in after.provider.requests}
        assert asked_again.isdisjoint(seeds_of(attempt, episode))


def seeds_of(attempt: Attempt, episode: Episode) -> set[int | None]:
    """Seeds of the requests that were sent for *episode*."""
    shorter, longer = PaidProvider(), PaidProvider()
    Attempt(folder=attempt.folder.parent / f"shorter-{episode.index}", provider=shorter).sample(episode.index)
    Attempt(folder=attempt.folder.parent / f"longer-{episode.index}", provider=longer).sample(
        episode.index + 1
    )
    return {request.seed for request in longer.requests} - {request.seed for request in shorter.requests}
