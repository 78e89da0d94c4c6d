"""What each trainer learns from, as it stands in its training files."""

from __future__ import annotations

import json

import pytest
from plugins.text.tests.trainer.scripted_backend import BACKEND, HERE, SECRET

from mlkernel.testing import run_in_process

SMALL = ("iterations=1", "episodes=24", "test_scheme=none", "fine_tune.min_rows=1", "fine_tune.poll_seconds=0.01",
         "sampling.invalid_retries=0")  # fmt: skip


@pytest.fixture
def run(tmp_path):
    def run(trainer, *overrides, backend=BACKEND):
        done = run_in_process(trainer, [f"backend={backend}", *SMALL, *overrides], runs=tmp_path / "runs")
        assert done.state == "finished", done.error
        return done

    return run


def rows(run, group, iteration=0):
    path = run.directory / "artifacts" / "fine-tune" / f"{iteration:04d}-{group}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def episodes(run, journal="train-0000"):
    path = run.directory / "artifacts" / "rollouts" / f"{journal}.jsonl"
    return sorted((json.loads(line) for line in path.read_text().splitlines()), key=lambda one: one["index"])


def reward(episode, agent):
    return sum(node.get("rewards", {}).get(agent, 0.0) for node in episode["nodes"])


def said(episode, agent):
    return next(node["text"] for node in episode["nodes"] if node["agent"] == agent)


def test_expert_iteration_imitates_what_reaches_the_threshold(run):
    done = run("expert-iteration", "threshold=1")
    good = [said(one, "verifier") for one in episodes(done) if reward(one, "verifier") >= 1]
    assert [row["messages"][-1]["content"] for row in rows(done, "verifier")] == good


def test_expert_iteration_draws_by_weight(run):
    done = run("expert-iteration", "selection=weighted", "sample_share=0.5", "epsilon=0")
    assert len(rows(done, "verifier")) == 12
    right = {said(one, "verifier") for one in episodes(done) if reward(one, "verifier") == 1}
    assert {row["messages"][-1]["content"] for row in rows(done, "verifier")} <= right


def test_expert_iteration_keeps_the_best_of_each_problem(run):
    done = run("expert-iteration", "selection=best", "best_of=4")
    assert len({one["instance"] for one in episodes(done)}) == 6
    assert len(rows(done, "verifier")) == 6


def test_reward_weighted_regression_sends_weights_where_they_are_honoured(run):
    done = run("reward-weighted-regression", "temperature=0.5")
    weights = [row["weight"] for row in rows(done, "verifier")]
    returns = [reward(one, "verifier") for one in episodes(done)]
    assert len(weights) == 24
    assert sum(weights) / 24 == pytest.approx(1)
    by_return = dict(zip(returns, weights, strict=True))
    assert by_return[1.0] / by_return[0.0] == pytest.approx(2.718281828**2, rel=1e-6)


def test_reward_weighted_regression_repeats_rows_elsewhere(run):
    done = run("reward-weighted-regression", "temperature=0.1", "agents.default.from_scratch=true",
               backend=f"{HERE}:FreshTuningOnly")  # fmt: skip
    written = rows(done, "verifier")
    right = {json.dumps(row["messages"][-1]) for row in written}
    assert len(written) == 24
    assert len(right) < 24
    assert not any("weight" in row for row in written)


def test_malt_pairs_answers_at_every_turn(run):
    done = run("malt", "responses=3")
    assert all(len(one["nodes"]) == 3 + 9 for one in episodes(done))
    for group in ("prover", "verifier"):
        for row in rows(done, group):
            assert row["input"]["messages"][-1]["role"] == "user"
            assert row["preferred_output"] != row["non_preferred_output"]
    assert rows(done, "prover")
    assert done.logged[0]["verifier.pairs"] == len(rows(done, "verifier"))


def test_malt_prefers_right_decisions(run):
    for row in rows(run("malt"), "verifier"):
        question = row["input"]["messages"][-1]["content"]
        holds = f"{question[-1]}{question.partition('| ')[2][0]}" in question.partition(" | ")[0].split()
        assert row["preferred_output"][0]["content"].endswith("yes" if holds else "no") or not holds


def test_malt_follows_one_answer_of_frozen_agents(run):
    done = run("malt", "responses=3", "agents.prover.freeze=true")
    assert all(len(one["nodes"]) == 1 + 3 for one in episodes(done))


def test_malt_can_begin_with_expert_iteration(run):
    done = run("malt", "iterations=2", "initial_ei_iterations=1", "ei_episodes=10", "fine_tune_on=all")
    assert [len(one["nodes"]) for one in episodes(done)] == [2] * 10
    assert "messages" in rows(done, "verifier", 0)[0]
    assert "preferred_output" in rows(done, "verifier", 1)[0]


@pytest.mark.parametrize("pairs", ["best-worst", "all"])
def test_dpo_lets_one_agent_after_the_other_answer_several_times(run, pairs):
    done = run("dpo", "answers=3", "episodes=12", f"pairs={pairs}")
    turns = [[node["agent"] for node in one["nodes"]].count("prover") for one in episodes(done)]
    assert turns == [3, 1] * 12
    assert rows(done, "verifier")


def test_star_learns_from_hinted_answers_without_the_hint_and_from_the_base_model(run):
    done = run("star", "iterations=2", "agents.prover.freeze=true")
    wrong = [one["index"] for one in episodes(done) if not one["nodes"][-1].get("correct")]
    assert [one["index"] for one in episodes(done, "hinted-0000")] == wrong
    assert len(rows(done, "verifier")) > 24 - len(wrong)
    assert not any("right decision" in json.dumps(row) for row in rows(done, "verifier"))
    final = json.loads((done.directory / "artifacts" / "models" / "0002.json").read_text())["models"]
    assert final == {"prover": "skill-0.60", "verifier": "skill-0.70"}


def test_rest_improves_on_one_data_set_with_rising_thresholds(run):
    done = run("rest", "iterations=4", "thresholds=[0.0, 1.0]", "answers=2")
    journals = sorted(path.name for path in (done.directory / "artifacts" / "rollouts").iterdir())
    assert journals == ["train-0000.jsonl", "train-0002.jsonl"]
    assert len(rows(done, "verifier", 0)) == 24
    assert len(rows(done, "verifier", 1)) == sum(reward(one, "verifier") for one in episodes(done))


def test_grpo_weighs_answers_against_their_siblings(run):
    done = run("grpo", "group_size=3")
    written = rows(done, "verifier")
    groups = {}
    for row in written:
        groups.setdefault(json.dumps(row["messages"]), []).append(row["advantage"])
        assert len(row["tokens"]) == len(row["logprobs"]) == len(row["completion"])
    assert written
    assert all(abs(sum(advantages)) < 1e-6 for advantages in groups.values())


def test_rft_freezes_what_was_said_and_grades_the_decision(run):
    done = run("rft", "grader=contains")
    played = episodes(done)
    assert [row["label"] for row in rows(done, "verifier")] == [one["label"] for one in played]
    assert {row["messages"][-1]["role"] for row in rows(done, "verifier")} == {"user"}
    assert not (done.directory / "artifacts" / "fine-tune" / "0000-prover.jsonl").exists()


def test_prompt_evolution_finds_instructions_that_help_with_any_provider(run):
    done = run("prompt-evolution", "iterations=2", "test_scheme=first-and-last", "test_episodes=60",
               "learning_curve=false", backend=f"{HERE}:SamplesOnly")  # fmt: skip
    before, after = [record["test_accuracy"] for record in done.logged if record["phase"] == "test"]
    assert after > before + 0.15
    kept = json.loads((done.directory / "artifacts" / "models" / "0002.json").read_text())
    assert kept["instructions"]["verifier"] == SECRET


def test_prompt_evolution_rejects_instructions_that_spoil_every_answer(run):
    done = run("prompt-evolution", "iterations=2", backend=f"{HERE}:SpoiltBySecret")
    spoilt = episodes(done, "proposal-0000")
    assert {one["outcome"] for one in spoilt} == {"invalid"}
    assert [record["accepted"] for record in done.logged if "accepted" in record] == [0.0, 0.0]
    kept = json.loads((done.directory / "artifacts" / "models" / "0002.json").read_text())
    assert SECRET not in kept["instructions"]["verifier"]
