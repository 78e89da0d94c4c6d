"""Parts of a study that whole studies show: folds, refinement, commands around it, arguments of scripts."""

from __future__ import annotations

import json

import pytest
from core.tests.study.engine.studies import command, reports, trials

from mlkernel.cli.main import main

FUNCTION = """
def objective(config, *, seed, fold, folds):
    return {"loss": (config["x"] - 0.5) ** 2 + 100 * seed + fold / folds, "fold": fold}
"""
CLASS = """
class Trainable:
    def setup(self, config, fold, folds):
        self.value = fold * 10 + folds
    def step(self):
        return {"loss": self.value}
"""
SCRIPT = """
import json, sys
print(json.dumps({"loss": 1, "arguments": len(sys.argv) - 1}))
open("seen.txt", "a").write(" ".join(word for word in sys.argv[1:] if "/" not in word) + "\\n")
"""
COMMAND = """
import pathlib, sys
pathlib.Path(sys.argv[1], sys.argv[2]).touch()
sys.exit(pathlib.Path("broken").exists())
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "f.py").write_text(FUNCTION + CLASS)
    (tmp_path / "s.py").write_text(SCRIPT)
    (tmp_path / "around.py").write_text(COMMAND)
    return tmp_path


def search(folder, *words):
    return command("search", "--name", "study", *words, cwd=folder)


def test_each_run_of_a_function_leaves_its_fold_out(folder):
    space = "x=[0.5,1.5]"
    done = search(
        folder,
        *("--trainer", "./f.py:objective", "--space", space, "--algorithm", "grid"),
        *("folds=4", "--seeds", "2"),
    )
    assert done.returncode == 0, done.stderr
    first, second = trials(folder)
    assert [(run.seed, run.fold) for run in first.runs] == [
        (seed, fold) for seed in (0, 1) for fold in range(4)
    ]
    assert first.values == pytest.approx((50 + 0.375,))
    assert second.values == pytest.approx((51 + 0.375,))


def test_a_space_with_fewer_points_than_trials_says_so(folder):
    done = search(
        folder, "--trainer", "./f.py:objective", "--space", "x=[0.5,1.5]", "--trials", "5", "folds=2"
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("the space has 2 points, so there will be at most 2 trials instead of 5") == 1
    assert len(trials(folder)) == 2


@pytest.mark.parametrize(
    ("dimension", "words", "points"),
    [
        ("uniform(0,1,bins=3)", [], 3),
        ("uniform(0,1)", ["algorithm.bins=2"], 2),
        ("uniform(0,1)", [], 5),
        ("uniformint(1,100,bins=2)", [], 2),
    ],
)
def test_a_grid_with_fewer_points_than_trials_says_so(folder, capsys, dimension, words, points):
    asked = ["--trainer", f"{folder}/f.py:objective", "--studies", str(folder), "folds=2"]
    space = ["--space", f"x={dimension}", "--algorithm", "grid", "--name", "study", "--trials", "9"]
    assert main(["search", *asked, *space, *words]) == 0
    said = capsys.readouterr().err
    assert f"the grid has {points} points, so there will be at most {points} trials instead of 9" in said
    assert f"finished: {points} trials" in said


def test_classes_and_scripts_are_told_their_folds(folder):
    done = search(folder, "--trainer", "./f.py:Trainable", "folds=3")
    assert done.returncode == 0, done.stderr
    assert sorted(values for *_, values in reports(folder)) == [(3,), (13,), (23,)]
    done = command(
        "search", "--trainer", "./s.py", "--name", "scripts", "folds=2", "--seeds", "[7]", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    seen = (folder / "seen.txt").read_text().splitlines()
    assert sorted(seen) == [f"-exp_dir -config -seed 7 -fold {fold} -folds 2" for fold in (0, 1)]


def test_a_script_gets_the_study_s_own_arguments(folder):
    done = search(folder, "--trainer", "./s.py", "script_arguments=none", "script_options.depth=3")
    assert done.returncode == 0, done.stderr
    assert (folder / "seen.txt").read_text() == "-depth 3\n"
    done = search(folder, "--trainer", "./f.py:objective", "folds=2", "script_options.depth=3")
    assert done.returncode == 2
    assert "script_options are for scripts" in done.stderr


def test_the_space_shrinks_around_the_best_trials(folder):
    (folder / "g.py").write_text("def g(config):\n    return abs(config['x'] - 0.7)\n")
    done = search(
        folder,
        *("--trainer", "./g.py:g", "--space", "x=uniform(-10,10)", "--algorithm", "random"),
        *("--trials", "30", "refine_after=[10,20]", "refine_top_k=2"),
    )
    assert done.returncode == 0, done.stderr
    points = [(trial.parameters["x"], trial.values[0]) for trial in trials(folder)]
    for begin in (10, 20):
        seen = sorted(points[:begin], key=lambda point: point[1])[:2]
        low, high = sorted(x for x, _ in seen)
        assert all(low <= x <= high for x, _ in points[begin : begin + 10])


def test_commands_before_and_after_know_the_study_s_folder(folder):
    around = (
        "before=['python around.py {directory} before']",
        "after=['python around.py {directory} after']",
    )
    (folder / "broken").touch()
    done = search(folder, "--trainer", "./s.py", *around)
    assert done.returncode == 1
    assert "ended with exit code 1" in done.stderr
    assert trials(folder) == []
    (folder / "broken").unlink()
    done = command("study", "resume", "study", cwd=folder)
    assert done.returncode == 0, done.stderr
    study = folder / "studies" / "study"
    assert (study / "before").exists()
    assert (study / "after").exists()
    assert len(trials(folder)) == 1


def test_a_space_is_taken_as_json(folder):
    space = {"x": {"method": "uniform", "dimension": {"low": 0, "high": 1}}}
    words = ("--trainer", "./f.py:objective", "folds=2", "--trials", "2", "--space")
    done = search(folder, *words, json.dumps(space))
    assert done.returncode == 0, done.stderr
    done = search(folder, *words, '{"x": ')
    assert done.returncode == 2
    assert "--space: not valid JSON at character" in done.stderr


def test_a_word_without_an_ending_is_a_project(folder):
    model = ("config", "create", "model", "m", "--script", "f.py", "--model", "objective")
    for words in (
        model,
        ("config", "create", "space", "s", "x=[0.5,1.5]"),
        ("config", "create", "study", "t", "--algorithm", "grid", "folds=2"),
        ("config", "create", "launcher", "l"),
        ("config", "create", "project", "p", "-p", "f.py", "-m", "m", "-s", "s", "-o", "t", "-g", "l"),
        ("search", "p", "--name", "study"),
    ):
        done = command(*words, cwd=folder)
        assert done.returncode == 0, done.stderr
    assert len(trials(folder)) == 2
    done = command("search", "pp", cwd=folder)
    assert done.returncode == 2
    assert "Did you mean p?" in done.stderr


def test_a_configuration_file_is_read_before_anything_begins(folder):
    (folder / "wrong.json").write_text('{"train_config": {,}}')
    done = search(folder, "--trainer", "./s.py", "--config", "wrong.json")
    assert done.returncode == 2
    assert "wrong.json:1:19: not valid JSON" in done.stderr
    assert not (folder / "studies").exists()


@pytest.mark.parametrize(
    ("module", "advice"),
    [("ray", "No base class is needed"), ("mle_toolbox.utils", "mlkernel.study.mle_toolbox")],
)
def test_a_missing_framework_is_said_with_what_stands_in_for_it(folder, module, advice):
    (folder / "old.py").write_text(f"import {module}\n")
    target = "./old.py:f" if module == "ray" else "./old.py"
    done = search(folder, "--trainer", target, "--trials", "1")
    assert done.returncode != 0
    assert advice in done.stderr
