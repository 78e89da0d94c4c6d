import pytest

from mlkernel.errors import UsageError
from mlkernel.plots.run_groups import differing_paths, flat_configuration, group_runs

from .recorded_run import record_run


def test_runs_that_differ_only_by_seed_are_one_group(tmp_path):
    runs = [record_run(tmp_path, f"ppo-{seed}", seed=seed).path for seed in range(3)]
    (group,) = group_runs(runs)
    assert group.label == "ppo (3 seeds)"
    assert group.directories == tuple(runs)


def test_labels_say_what_differs(tmp_path):
    runs = [
        record_run(tmp_path, "a", values={"lr": 0.1, "env": {"name": "X"}}).path,
        record_run(tmp_path, "b", values={"lr": 0.2, "env": {"name": "X"}}).path,
        record_run(tmp_path, "c", values={"lr": 0.2, "env": {"name": "X"}}).path,
        record_run(tmp_path, "d", trainer="dqn", values={"lr": 0.2, "env": {"name": "Y"}}).path,
    ]
    assert [group.label for group in group_runs(runs)] == [
        "ppo, lr = 0.1, env.name = X",
        "ppo, lr = 0.2, env.name = X (2 runs)",
        "dqn, lr = 0.2, env.name = Y",
    ]


def test_many_differences_are_told_by_the_runs_name(tmp_path):
    runs = [record_run(tmp_path, f"run-{n}", values=dict.fromkeys("abcd", n)).path for n in range(2)]
    assert [group.label for group in group_runs(runs)] == ["run-0", "run-1"]


def test_a_value_that_is_absent_differs_from_null():
    assert differing_paths([{"a": None, "b": 1}, {"b": 1}]) == ["a"]


def test_paths_are_those_of_overrides():
    assert flat_configuration({"env": {"name": "X", "options": {}}, "sizes": [64, 64]}) == {
        "env.name": "X",
        "env.options": {},
        "sizes": [64, 64],
    }


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_damaged_plan_is_named(tmp_path, text):
    run = record_run(tmp_path, "ppo-1")
    run.plan.write_text(text)
    with pytest.raises(UsageError, match=r"ppo-1/plan\.json is no readable plan"):
        group_runs([run.path])
