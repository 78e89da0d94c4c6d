"""Whole runs with scripted models: stages, tests, groups, schedules, budgets, and what is left on disk."""

from __future__ import annotations

import json
import re

import pytest
from plugins.text.tests.trainer.scripted_backend import BACKEND, HERE

from mlkernel import UsageError, start_run
from mlkernel.testing import resume_in_process, run_in_process

SMALL = ("iterations=3", "episodes=24", "test_episodes=16", "fine_tune.poll_seconds=0.01", "fine_tune.min_rows=4",
         "learning_curve=false")  # fmt: skip


@pytest.fixture
def run(tmp_path):
    def run(*overrides, trainer="expert-iteration", backend=BACKEND):
        return run_in_process(trainer, [f"backend={backend}", *SMALL, *overrides], runs=tmp_path / "runs")

    return run


def when_tested(run):
    return [record["iteration"] for record in run.logged if record["phase"] == "test"]


def rows(run, iteration, group):
    path = run.directory / "artifacts" / "fine-tune" / f"{iteration:04d}-{group}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def journals(directory):
    return {path.name: path.read_text() for path in (directory / "artifacts" / "rollouts").iterdir()}


def models(run, iteration):
    return json.loads((run.directory / "artifacts" / "models" / f"{iteration:04d}.json").read_text())[
        "models"
    ]


def test_models_get_better_and_are_tested_before_each_iteration_and_at_the_end(run):
    done = run()
    assert done.state == "finished"
    assert when_tested(done) == [0, 1, 2, 3]
    assert models(done, 3) == {"prover": "skill-0.90", "verifier": "skill-0.90"}
    assert (done.directory / "artifacts" / "transcripts" / "test-0003.md").read_text()


@pytest.mark.parametrize(
    ("scheme", "iterations"), [("none", []), ("last", [3]), ("first-and-last", [0, 3]), ("all", [0, 1, 2, 3])]
)
def test_scheme_says_which_models_are_when_tested(run, scheme, iterations):
    assert when_tested(run(f"test_scheme={scheme}")) == iterations


def test_tests_can_use_the_validation_split_or_all_of_a_split(run):
    done = run(
        "test_split=validation", "test_episodes=null", "scenario.validation_size=20", "test_scheme=last"
    )
    journal = done.directory / "artifacts" / "rollouts" / "validation-0003.jsonl"
    assert len(journal.read_text().splitlines()) == 20


def test_frozen_agents_keep_their_model_and_have_no_job(run):
    done = run("agents.prover.freeze=true")
    assert models(done, 3) == {"prover": "skill-0.60", "verifier": "skill-0.90"}
    assert not rows(done, 0, "prover")


def test_agents_of_one_group_share_model_and_job(run):
    done = run("agents.default.shared_model_group=all")
    assert models(done, 3) == {"all": "skill-0.90"}
    roles = {row["messages"][0]["content"] for row in rows(done, 0, "all")}
    assert roles == {"prover", "verifier"}


def test_agents_of_one_group_must_agree(run):
    with pytest.raises(UsageError, match=r"agents\.prover\.freeze and agents\.verifier\.freeze"):
        run("agents.default.shared_model_group=all", "agents.prover.freeze=true")


def test_from_scratch_starts_each_job_from_the_base_model(run):
    assert models(run("agents.verifier.from_scratch=true"), 3) == {
        "prover": "skill-0.90",
        "verifier": "skill-0.70",
    }


def test_models_that_nobody_speaks_with_any_more_are_released_if_they_are_not_kept(run):
    def released(done):
        path = done.directory / "provider" / "backend" / "released.txt"
        return path.read_text().split() if path.exists() else []

    assert released(run()) == []
    # Both agents leave skill-0.70 and then skill-0.80 behind; the base model and the last ones stay.
    assert released(run("keep_models=false")) == ["skill-0.70", "skill-0.80"]
    # The frozen verifier goes on speaking with a model that the prover leaves.
    frozen = ("agents.verifier.freeze=true", "agents.verifier.model=skill-0.70")
    assert released(run("keep_models=false", *frozen)) == ["skill-0.80"]
    assert run("keep_models=false", backend=f"{HERE}:Ungrateful").state == "finished"


def test_update_schedules_take_turns(run):
    done = run(
        "iterations=4",
        "agents.prover.update_schedule.kind=alternating",
        "agents.verifier.update_schedule.kind=alternating",
        "agents.verifier.update_schedule.goes_first=false",
    )
    trained = [(bool(rows(done, i, "prover")), bool(rows(done, i, "verifier"))) for i in range(4)]
    assert trained == [(True, False), (False, True), (True, False), (False, True)]


def test_training_can_use_the_rollouts_of_all_iterations(run):
    newest, everything = run("threshold=-1"), run("threshold=-1", "fine_tune_on=all")
    assert [len(rows(newest, i, "verifier")) for i in range(3)] == [24, 24, 24]
    assert [len(rows(everything, i, "verifier")) for i in range(3)] == [24, 48, 72]


def test_a_share_of_the_rows_is_for_validation(run):
    done = run("threshold=-1", "validation_share=0.25")
    assert (len(rows(done, 0, "verifier")), len(rows(done, 0, "verifier-validation"))) == (18, 6)


def test_guesses_are_replaced_by_the_truth(run):
    done = run("threshold=2", "guess_replacement.proportion=0.5", "guess_replacement.annealing=linear",
               "guess_replacement.rate=0.5")  # fmt: skip
    replaced = rows(done, 0, "verifier")
    assert len(replaced) == 12
    assert {row["messages"][-1]["content"] for row in replaced} == {"yes", "no"}
    assert not rows(done, 1, "verifier")


def test_too_few_rows_leave_the_model_as_it_is(run):
    done = run("threshold=2", "iterations=1")
    assert models(done, 1) == {"prover": "skill-0.60", "verifier": "skill-0.60"}


def test_training_goes_on_when_all_problems_were_played(run):
    done = run("scenario.train_size=10", "threshold=-1")
    played = [
        json.loads(line)["instance"]
        for path in sorted((done.directory / "artifacts" / "rollouts").glob("train-*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    assert {played.count(problem) for problem in played} <= {7, 8}


def test_a_finished_run_can_be_extended(run):
    done = run()
    more = resume_in_process(done.directory, ["trainer.iterations=4"])
    assert more.state == "finished"
    assert when_tested(more) == [0, 1, 2, 3, 3, 4]
    assert models(more, 4)["verifier"] == "skill-0.95"


def test_models_of_an_earlier_run_are_tested_anew(run):
    done = run("test_scheme=none")
    again = run(f"rerun_tests_of={done.directory}", "test_episodes=8")
    assert when_tested(again) == [0, 1, 2, 3]
    assert not (again.directory / "artifacts" / "fine-tune").exists()


def test_parameters_of_an_earlier_run_are_a_configuration_file(run, tmp_path):
    done = run("threshold=0.25", "iterations=1")
    parameters = done.directory / "artifacts" / "parameters.json"
    again = start_run(config_files=[parameters], runs=tmp_path, listeners=[])
    assert journals(again.directory) == journals(done.directory)


def test_a_back_end_without_the_method_is_refused_with_those_that_have_it(run):
    with pytest.raises(UsageError, match=r"(?s)fine-tuning by sft.*These do: .*openai"):
        run(backend=f"{HERE}:SamplesOnly")


def test_a_back_end_that_tunes_only_base_models_must_start_from_scratch(run):
    with pytest.raises(UsageError, match=r"agents\.default\.from_scratch=true"):
        run(backend=f"{HERE}:FreshTuningOnly")
    assert run("agents.default.from_scratch=true", backend=f"{HERE}:FreshTuningOnly").state == "finished"


def test_an_unknown_agent_is_refused_with_those_that_there_are(run):
    with pytest.raises(UsageError, match="prover, verifier"):
        run("agents.judge.freeze=true")


def test_a_budget_stops_the_run_and_a_higher_one_lets_it_go_on(run):
    stopped = run("budget.max_tokens=2000", backend=f"{HERE}:Metered")
    assert stopped.state == "stopped"
    more = resume_in_process(stopped.directory, ["trainer.budget.max_tokens=1000000"])
    assert more.state == "finished"
    assert more.logged == run(backend=f"{HERE}:Metered").logged


def test_damaged_answers_are_named_when_the_run_is_resumed(run):
    stopped = run("budget.max_tokens=2000", backend=f"{HERE}:Metered")
    for path in (stopped.directory / "provider").glob("answers.sqlite*"):
        path.write_text("this is no database " * 100)
    resumed = resume_in_process(stopped.directory, ["trainer.budget.max_tokens=1000000"])
    assert resumed.state == "failed"
    assert "answers.sqlite cannot be used" in str(resumed.error)


AUTHORS_TRAINER = """
from mlkernel_text import PureTextRlTrainer


class Imitation(PureTextRlTrainer):
    def _stage_create_fine_tune_jobs(self, rollouts):
        for group_name, shared_model_group in self.shared_model_groups.items():
            selected = {}
            for agent_name in shared_model_group.agent_names:
                agent_index = self.agent_names.index(agent_name)
                reward = rollouts["next", "agents", "reward"][..., agent_index].sum(axis=-1)
                selected[agent_name] = rollouts[reward >= 0.5]
            shared_model_group.create_supervised_fine_tune_job(
                selected, {}, job_name=self._get_fine_tune_job_name(shared_model_group)
            )
"""

OVERRIDING_TRAINER = (
    AUTHORS_TRAINER
    + """
    async def _sample_rollouts(self, environment, iteration):
        rollouts = await super()._sample_rollouts(environment, iteration)
        self.seen = (environment.split, iteration, len(rollouts))
        return rollouts

    def _get_log_stats(self, rollouts, *, train=True):
        return {**super()._get_log_stats(rollouts, train=train), "paths": self.seen[2]}

    def _check_if_run_test_loop(self):
        return self.iteration == 1
"""
)


def test_a_trainer_of_one_method_runs(run, tmp_path):
    path = tmp_path / "imitation.py"
    path.write_text(AUTHORS_TRAINER)
    done = run(trainer=f"{path}:Imitation")
    assert done.state == "finished"
    assert models(done, 3) == {"prover": "skill-0.90", "verifier": "skill-0.90"}


def test_stages_can_be_overridden(run, tmp_path):
    path = tmp_path / "overriding.py"
    path.write_text(OVERRIDING_TRAINER)
    done = run(trainer=f"{path}:Imitation")
    assert when_tested(done) == [1, 3]
    assert {record["paths"] for record in done.logged if record["phase"] == "train"} == {24}
    assert {record["test_paths"] for record in done.logged if record["phase"] == "test"} == {16}


def test_a_trainer_that_says_nothing_is_refused_at_once(run, tmp_path):
    with pytest.raises(UsageError, match="does not say what it learns") as refused:
        run(trainer="mlkernel_text:PureTextTrainer")
    assert "_stage_create_fine_tune_jobs" in refused.value.hint


CARELESS_TRAINER = """
from mlkernel_text import PureTextTrainer


class Careless(PureTextTrainer):
    def _stage_create_fine_tune_jobs(self, rollouts):
        group = self.shared_model_groups["prover"]
        {call}
"""


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ('group.create_supervised_fine_tune_job({"provr": rollouts})', "has no agent 'provr'"),
        ('group.create_supervised_fine_tune_job({}, {"verifier": rollouts})', "has no agent 'verifier'"),
        ('[group.create_supervised_fine_tune_job({"prover": rollouts}) for _ in "12"]', "a second job"),
        (
            'group.create_dpo_fine_tune_job({"prover": rollouts}, {"prover": rollouts[:9]})',
            "24 .* and 9 negative",
        ),
        (
            'group.create_dpo_fine_tune_job({"prover": rollouts[:9]}, {"prover": rollouts})',
            "9 .* and 24 negative",
        ),
        ('group.create_dpo_fine_tune_job({"prover": rollouts}, {})', "prover has positive or negative"),
    ],
)
def test_what_would_silently_train_on_something_else_is_refused(run, tmp_path, call, problem):
    path = tmp_path / "careless.py"
    path.write_text(CARELESS_TRAINER.format(call=call))
    failed = run("iterations=1", "test_scheme=none", trainer=f"{path}:Careless")
    assert isinstance(failed.error, UsageError)
    assert re.search(problem, str(failed.error))


def told(run, event):
    entries = map(json.loads, (run.directory / "events.jsonl").read_text().splitlines())
    return [entry for entry in entries if entry["event"] == event]


def test_an_iteration_that_trains_nothing_says_so_once_with_the_reasons(run):
    nothing = "nothing is trained in this iteration"
    idle = run("threshold=99", "agents.prover.freeze=true", "test_scheme=none", "iterations=2")
    assert [entry["iteration"] for entry in told(idle, nothing)] == [0, 1]
    assert told(idle, nothing)[0]["reasons"] == "prover: frozen; verifier: 0 training rows, and 4 are needed"
    assert not told(run("agents.prover.freeze=true", "test_scheme=none"), nothing)


PRICED = ("budget.max_cost=1", "test_scheme=none", "iterations=1")


def test_a_cap_on_costs_wants_prices_of_tuned_models_before_anything_is_asked(run):
    refused = run(*PRICED, 'budget.prices={"skill*": [0, 0, 0]}', backend=f"{HERE}:NamesTunedModels")
    assert "models tuned from 'skill-0.60'" in str(refused.error)
    assert '"ft:skill-0.60*"' in refused.error.hint
    assert not (refused.directory / "artifacts" / "rollouts").exists()


@pytest.mark.parametrize(
    "overrides",
    [
        ['budget.prices={"skill*": [0, 0, 0], "ft:skill-0.60-today:*": [0, 0, 0]}'],
        ['budget.prices={"*skill-0.60*": [0, 0, 0]}'],
        ['budget.prices={"skill*": [0, 0, 0]}', "agents.default.freeze=true"],
    ],
)
def test_a_price_that_may_fit_or_nothing_to_train_lets_the_run_go_on(run, overrides):
    assert run(*PRICED, *overrides, backend=f"{HERE}:NamesTunedModels").state == "finished"


def test_rft_without_rows_for_validation_is_refused_where_they_are_a_must(run):
    with pytest.raises(UsageError, match="validation_share is 0") as refused:
        run(trainer="rft", backend=f"{HERE}:ValidatesRft")
    assert "validation_share=0.1" in refused.value.hint
    assert run("validation_share=0.01", trainer="rft", backend=f"{HERE}:ValidatesRft").state == "finished"


def test_malt_that_begins_with_imitation_needs_a_back_end_that_imitates(run):
    with pytest.raises(UsageError, match="fine-tuning by sft, which initial_ei_iterations needs"):
        run("initial_ei_iterations=1", trainer="malt", backend=f"{HERE}:PreferencesOnly")
    assert run("iterations=1", trainer="malt", backend=f"{HERE}:PreferencesOnly").state == "finished"
