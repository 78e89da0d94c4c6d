"""``kernel config create|recreate|update|remove|list|show`` of pieces."""

import json
import os

import pytest


def test_create_refuses_an_existing_one_and_changes_nothing(folder):
    folder.config("create", "study", "quick", "--trials", "5")
    before = folder.text("study/quick.yaml")
    said = folder.refused("create", "study", "quick", "--trials", "6")
    assert "there is a study 'quick' already: pieces/study/quick.yaml" in said
    assert folder.text("study/quick.yaml") == before


def test_update_keeps_what_it_does_not_name(folder):
    folder.config("create", "study", "quick", "--algorithm", "random", "--metric", "reward", "--trials", "5")
    folder.config("update", "study", "quick", "--mode", "max", "resources.time=60")
    folder.config("update", "study", "quick", "resources.cpus=2", "--unset", "trials")
    assert folder.text("study/quick.yaml") == (
        "algorithm:\n  use: random\nobjectives:\n- metric: reward\n  mode: max\n"
        "resources:\n  cpus: 2\n  time: 60.0\n"
    )


def test_the_objectives_are_words_of_a_study_and_of_nothing_else(folder):
    folder.config("create", "study", "quick", "metric=reward", "mode=max")
    assert folder.text("study/quick.yaml") == "objectives:\n- metric: reward\n  mode: max\n"
    said = folder.refused("create", "launcher", "near", "metric=reward")
    assert "it belongs to a piece of the kind study" in said


def test_an_update_of_what_is_not_there_makes_no_folder(folder):
    assert "no study 's' in pieces" in folder.refused("update", "study", "s", "--trials", "3")
    assert list(folder.path.iterdir()) == []


def test_another_algorithm_does_not_inherit_the_options_of_the_former(folder):
    folder.config(
        "create", "study", "quick", "--algorithm", "tpe", "--algorithm_param", '{"startup_trials": 4}'
    )
    folder.config("update", "study", "quick", "--algorithm_param", '{"candidates": 12}')
    assert (
        folder.text("study/quick.yaml") == "algorithm:\n  use: tpe\n  startup_trials: 4\n  candidates: 12\n"
    )
    folder.config("update", "study", "quick", "--algorithm", "random")
    assert folder.text("study/quick.yaml") == "algorithm:\n  use: random\n"


def test_recreate_keeps_a_backup_of_the_former(folder):
    folder.config("recreate", "study", "quick", "--trials", "5")
    former = folder.text("study/quick.yaml")
    folder.config("recreate", "study", "quick", "--jobs", "2")
    folder.config("recreate", "study", "quick", "--jobs", "3")
    backups = [file for file in folder.files() if file.startswith("backup/study/quick_")]
    assert len(backups) == 2
    assert folder.text(backups[0]) == former
    assert folder.text("study/quick.yaml") == "jobs: 3\n"


def test_remove_takes_wildcards_and_removes_nothing_if_a_name_matches_none(folder):
    for name in ("mnist-a", "mnist-b", "other"):
        folder.config("create", "space", name, "x=uniform(0,1)")
    assert "did you mean other?" in folder.refused("remove", "space", "mnist*", "othr").lower()
    assert "matches 'cifar*'" in folder.refused("remove", "space", "cifar*")
    assert len(folder.files()) == 3
    folder.config("remove", "space", "mnist*")
    assert folder.files() == ["space/other.yaml"]


def test_the_spellings_of_hpogrid_mean_the_same(folder):
    folder.config(
        *("create", "hpo_config", "h", "--algorithm", "bayesian", "--metric", "loss", "--mode", "min"),
        *("--num_trials", "200", "--max_concurrent", "2", "--scheduler", "asynchyperband"),
        *("--stop", '{"training_iteration": 9}', "--scheduler_param", '{"grace_period": 3, "max_t": 9}'),
        *("--resource", '{"cpu": 2, "gpu": 0}', "--algorithm_param", '{"n_initial_points": 7}'),
    )
    folder.config(
        *("create", "study", "s", "algorithm=bayesian", "algorithm.startup_trials=7", "--metric", "loss"),
        *("--trials", "200", "--jobs", "2", "scheduler=asynchyperband", "scheduler.min_step=3"),
        *("--max-step", "9", "resources.cpus=2", "resources.gpus=0"),
    )
    assert folder.text("study/h.yaml") == folder.text("study/s.yaml")
    folder.config("create", "model_config", "m", "-s", "train.py", "-m", "f", "-p", '{"epochs": 3}')
    folder.config("create", "model", "n", "--trainer", "train.py:f", "--set", "epochs=3")
    assert folder.text("model/m.yaml") == folder.text("model/n.yaml")
    space = '{"lr": {"method": "loguniform", "dimension": {"low": 1e-5, "high": 1e-2}}}'
    folder.config("create", "search_space", "positional", space)
    folder.config("create", "search_space", "option", "-s", space)
    folder.config("create", "space", "ours", "lr=loguniform(1e-5,1e-2)")
    assert (
        folder.text("space/positional.yaml")
        == folder.text("space/option.yaml")
        == folder.text("space/ours.yaml")
    )
    folder.config(
        "create", "grid_config", "g", "--site", "A,B", "--inDS", "user.me.data", "--retry", "-e", "{n: 1}"
    )
    assert folder.text("launcher/g.yaml") == (
        "resources:\n  extra:\n    site:\n    - A\n    - B\n    retry: true\n    inDS: user.me.data\n    n: 1\n"
    )


def test_one_half_of_a_model_can_be_changed(folder):
    folder.config("create", "model", "m", "--script", "a.py", "--model", "f")
    folder.config("update", "model", "m", "--model", "g")
    assert folder.text("model/m.yaml") == "trainer: a.py:g\n"
    folder.config("update", "model", "m", "--script", "b.py")
    assert folder.text("model/m.yaml") == "trainer: b.py:g\n"


def test_options_that_say_nothing_about_a_study_are_noted(folder):
    said = folder.config("create", "hpo_config", "h", "--log_dir", "./log", "-v", "--extra_metrics", "acc")
    assert said.count("is not needed") == 3


def test_files_of_hpogrid_are_read(folder):
    (folder.path / "hpo.json").write_text(
        json.dumps(
            {
                "algorithm": "random",
                "metric": "accuracy",
                "mode": "max",
                "scheduler": "asynchyperband",
                "num_trials": 4,
                "max_concurrent": 3,
                "log_dir": "./log",
                "verbose": 0,
                "extra_metrics": None,
                "resource": None,
                "stop": {"training_iteration": 1},
                "scheduler_param": None,
                "algorithm_param": None,
            }
        )
    )
    folder.config("create", "study", "s", "--from", "hpo.json", "--trials", "6")
    assert folder.text("study/s.yaml") == (
        "algorithm:\n  use: random\nobjectives:\n- metric: accuracy\n  mode: max\ntrials: 6\njobs: 3\nmax_step: 1.0\n"
    )


def test_spaces_are_merged_by_their_parameters(folder):
    folder.config("create", "space", "s", "a=uniform(0,1)", "b=[x,y]", "--constraint", "a < 0.9")
    folder.config(
        "update", "space", "s", "a=uniform(0,2)", "c=uniformint(1,3) when b=x", "--constraint", "a > 0.1"
    )
    shown = json.loads(folder.config("show", "space", "s", "--json"))["space"]
    assert shown == {
        "a": {"method": "uniform", "low": 0, "high": 2},
        "b": {"method": "categorical", "values": ["x", "y"]},
        "c": {"method": "uniformint", "low": 1, "high": 3, "when": {"b": ["x"]}},
        "constraints": ["a < 0.9", "a > 0.1"],
    }
    assert "'b'" in folder.refused("update", "space", "s", "--unset", "b")
    folder.config("update", "space", "s", "--unset", "c", "--unset", "constraints")
    assert list(json.loads(folder.config("show", "space", "s", "--json"))["space"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["study", "s", "--trails", "3"], "did you mean --trials?"),
        (["study", "s", "trails=3"], "study.trails: unknown key; did you mean trials?"),
        (["study", "s", "--trials", "0"], "study.trials: must be >= 1"),
        (["study", "s", "--trials", "many"], "study.trials"),
        (["study", "s", "--num_trials", "-1"], "one trial per GPU"),
        (["study", "s", "--algorithm", "tpo"], "tpe"),
        (["study", "s", "-a", "tpe", "algorithm.startup_trial=1"], "did you mean startup_trials?"),
        (["study", "s", "--algorithm_param", '{"a": 1'], "--algorithm_param: not valid JSON"),
        (["study", "s", "--stop", '{"loss": 1}'], "stop.loss"),
        (["study", "s", "--resource", '{"cpus": 1}'], "Did you mean cpu?"),
        (["study", "s", "--metric", "a", "--metric", "b", "--mode", "min"], "2 metrics and 1 modes"),
        (["study", "s", "trainer=ppo"], "it belongs to a piece of the kind model"),
        (["study", "s", "resources.extra={a: 1}"], "it belongs to a piece of the kind launcher"),
        (["launcher", "s", "resources.cpus=1"], "it belongs to a piece of the kind study"),
        (["launcher", "s", "--launcher", "loca"], "did you mean 'local'"),
        (["launcher", "s", "launcher.cpu=1"], "did you mean cpus?"),
        (["model", "s"], "study.trainer: required"),
        (["model", "s", "--model", "f"], "is in no script"),
        (["model", "s", "--trainer", "a.py:f", "--script", "a.py"], "say the same"),
        (["model", "s", "--trainer", "sampel"], "there is no trainer 'sampel'"),
        (["model", "s", "--trainer", "a.py:f", "--set", "x"], "--set x has no value"),
        (["space", "s"], "the space has no parameters"),
        (["space", "s", "x=unifrom(0,1)"], "did you mean uniform"),
        (["space", "s", "x"], "'x' is no parameter"),
        (["space", "s", '{"x": {"method": "uniform", "dimension": {"low": 1}}}'], "x: "),
        (["space", "s", '{"x": '], "not valid JSON"),
        (["space", "s", "x=uniform(0,1)", "--constraint", "y < 1"], "names 'y'"),
        (["project", "s"], "a project needs a model"),
        (["project", "s", "--model", "m"], "no model 'm'"),
        (["thing", "s"], "invalid choice: 'thing'"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(folder, words, said):
    assert said.lower() in folder.refused("create", *words).lower()
    assert folder.files() == []


@pytest.mark.parametrize(
    "name", ["../s", "/tmp/s", ".s", "", "a b", "s.yaml", "a/b", "ü", "-s", "x" * 101, "a\n"]
)
def test_names_cannot_leave_the_folder(folder, name):
    assert "cannot be the name" in folder.refused("create", "study", "--trials", "3", "--", name)
    assert "cannot be the name" in folder.refused("create", "project", "--model", "m", "--", name)
    assert folder.files() == []


def test_a_file_that_was_written_by_hand_is_a_piece_and_keeps_its_format(folder):
    place = folder.path / "pieces" / "study"
    place.mkdir(parents=True)
    (place / "mine.toml").write_text("# fast\ntrials = 0\n")
    assert "pieces/study/mine.toml:2" in folder.refused("show", "study", "mine")
    (place / "mine.toml").write_text('trials = 3\n[algorithm]\nuse = "random"\n')
    folder.config("update", "study", "mine", "--jobs", "2")
    assert folder.text("study/mine.toml") == 'trials = 3\njobs = 2\n\n[algorithm]\nuse = "random"\n'
    (place / "mine.json").write_text("{}")
    assert "two files are the study 'mine'" in folder.refused("show", "study", "mine")


def test_list_and_show(folder):
    assert "no piece in pieces" in folder.config("list")
    folder.config("create", "study", "quick", "--trials", "5")
    folder.config("create", "space", "plane", "x=uniform(0,1)")
    rows = [line.split() for line in folder.config("list").splitlines()]
    assert [(row[0], row[1], row[-1]) for row in rows[1:]] == [
        ("study", "quick", "pieces/study/quick.yaml"),
        ("space", "plane", "pieces/space/plane.yaml"),
    ]
    assert [one["name"] for one in json.loads(folder.config("list", "-e", "pl*", "--json"))] == ["plane"]
    assert len(folder.config("list", "hpo_config").splitlines()) == 2
    shown = {
        line.split(" = ")[0].strip(): line for line in folder.config("show", "study", "quick").splitlines()
    }
    assert shown["trials"].split() == ["trials", "=", "5", "#", "pieces/study/quick.yaml:1"]
    assert shown["jobs"].split() == ["jobs", "=", "1", "#", "default"]
    assert "trainer" not in shown
    assert folder.config("show", "study", "quick", "--toml") == "trials = 5\n"
    assert folder.config("show", "study", "quick", "--yaml") == "trials: 5\n"
    assert "no study 'plane'" in folder.refused("show", "study", "plane")
    assert "There is a space of that name" in folder.refused("show", "study", "plane")
    assert "takes one name" in folder.refused("show", "study")


def test_the_pieces_of_the_user_are_found_everywhere_behind_those_of_the_folder(folder, tmp_path):
    folder.config("create", "space", "s", "x=uniform(0,1)", "--user")
    assert (tmp_path / "settings" / "pieces" / "space" / "s.yaml").is_file()
    assert "uniform" in folder.config("show", "space", "s")
    assert "add --user" in folder.refused("update", "space", "s", "x=[1,2]")
    folder.config("create", "space", "s", "x=[1,2]")
    assert "categorical" in folder.config("show", "space", "s")
    assert "uniform" in folder.config("show", "space", "s", "--user")
    assert "no space 's'" in folder.refused("remove", "space", "s", "--pieces", "elsewhere")
    folder.config("remove", "space", "s")
    assert "uniform" in folder.config("show", "space", "s")


def test_another_folder_can_be_named(folder, monkeypatch):
    monkeypatch.setenv("MLKERNEL_PIECES", "kept")
    folder.config("create", "study", "s", "--trials", "5")
    folder.config("create", "study", "s", "--trials", "5", "--pieces", "also")
    assert (folder.path / "kept/study/s.yaml").is_file()
    assert (folder.path / "also/study/s.yaml").is_file()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(folder):
    (folder.path / "pieces").mkdir(mode=0o500)
    assert "--pieces DIRECTORY" in folder.refused("create", "study", "s", "--trials", "5")
