"""Study files in the forms of mle-toolbox and hpogrid, as their guides have them."""

import json

import pytest
from core.tests.study.engine.studies import TARGETS, command, trials

from mlkernel.cli.main import main
from mlkernel.config.layers import Layer
from mlkernel.study.engine.study_file import read_study_file
from mlkernel.study.engine.study_settings import build_study
from mlkernel.study.search_problem import Objective

SCRIPT = """
import argparse, json
parser = argparse.ArgumentParser()
for name in ("-exp_dir", "-config", "-seed"):
    parser.add_argument(name)
given = parser.parse_args()
config = json.load(open(given.config))["train_config"]
print(json.dumps({"step": 1, "integral": config["x_0"] + int(given.seed)}), flush=True)
"""
JOB = {"train_config": {"x_0": 100}, "log_config": {"time_to_track": ["step"], "what_to_track": ["integral"]}}


def test_an_experiment_of_mle_toolbox_over_configurations_and_seeds(tmp_path):
    (tmp_path / "run.py").write_text(SCRIPT)
    for number in (1, 2):
        job = {**JOB, "train_config": {"x_0": 100 * number}}
        (tmp_path / f"c{number}.json").write_text(json.dumps(job))
    (tmp_path / "e.yaml").write_text(
        "meta_job_args:\n  project_name: ode\n  job_type: multiple-experiments\n  base_train_fname: run.py\n"
        "  experiment_dir: experiments/\nmulti_experiment_args:\n  config_fnames: [c1.json, c2.json]\n"
        "  num_seeds: 2\nsingle_job_args:\n  job_name: ode\n  num_logical_cores: 1\n  time_per_job: '00:01:00'\n"
    )
    done = command("search", "e.yaml", "--name", "study", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [trial.values for trial in trials(tmp_path)] == [(100.5,), (200.5,)]


def test_a_search_of_mle_toolbox(tmp_path):
    (tmp_path / "run.py").write_text(SCRIPT)
    (tmp_path / "c1.json").write_text(json.dumps(JOB))
    (tmp_path / "e.yaml").write_text(
        "meta_job_args:\n  job_type: hyperparameter-search\n  base_train_fname: run.py\n  base_train_config: c1.json\n"
        "param_search_args:\n  search_type: grid\n  maximize_objective: True\n  problem_type: final\n"
        "  eval_score_type: integral\n  num_search_batches: 2\n  num_iter_per_batch: 2\n  num_evals_per_iter: 1\n"
        "  params_to_search:\n    real:\n      x_0: {begin: 1, end: 9, bins: 3}\n"
        "single_job_args:\n  num_logical_cores: 1\n"
    )
    done = command("search", "e.yaml", "--name", "study", "--jobs", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [trial.values for trial in trials(tmp_path)] == [(1.0,), (5.0,), (9.0,)]
    assert "best: trial 2" in done.stderr


def test_a_project_of_hpogrid(tmp_path):
    project = {
        "project_name": "study",
        "scripts_path": str(TARGETS.parent),
        "hpo_config": {
            "algorithm": "random",
            "metric": "loss",
            "mode": "min",
            "num_trials": 2,
            "max_concurrent": 1,
        },
        "model_config": {"script": TARGETS.name, "model": "configured", "param": {"offset": 3}},
        "search_space": {"x": {"method": "uniform", "dimension": {"low": 0, "high": 1}}},
        "grid_config": {"site": "ANY"},
    }
    (tmp_path / "project.json").write_text(json.dumps(project))
    done = command("search", "project.json", "--name", "study", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [trial.values for trial in trials(tmp_path)] == [
        (trial.parameters["x"] + 3,) for trial in trials(tmp_path)
    ]
    assert len(trials(tmp_path)) == 2


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"meta_job_args": {}}, "meta_job_args.base_train_fname: missing"),
        (
            {"pre_processing_args": {"extra_cmd_line_input": {}}},
            "pre_processing_args.processing_fname: missing",
        ),
        ({"single_job_args": 3}, "single_job_args: a table expected, not 3"),
    ],
)
def test_what_an_experiment_of_mle_toolbox_lacks_is_named(tmp_path, capsys, sections, said):
    file = tmp_path / "e.json"
    file.write_text(json.dumps({"meta_job_args": {"base_train_fname": "run.py"}, **sections}))
    assert main(["search", str(file)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ("0", "study.seeds: must be >= 1: 0  (command line: --seeds 0)"),
        ("-2", "study.seeds: must be >= 1: -2"),
        ("[]", "study.seeds: must not be empty"),
        ("1,2,1", "study.seeds: repeats 1  (command line: --seeds 1,2,1)"),
        ("-1,1", "study.seeds: a seed must be >= 0: -1"),
    ],
)
def test_seeds_that_make_no_runs_are_told_with_all_other_mistakes(tmp_path, capsys, seeds, said):
    words = ["--trainer", f"{TARGETS}:configured", "--studies", str(tmp_path), "jobs=0"]
    assert main(["search", f"--seeds={seeds}", *words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "study.jobs: must be >= 1: 0" in told


@pytest.mark.parametrize("section", ["", "[study]\n"])
@pytest.mark.parametrize(
    ("lines", "objectives"),
    [
        ('metric = "reward"\nmode = "max"\n', [("reward", "max")]),
        ('metric = "error"\n', [("error", "min")]),
        ('metric = ["error", "reward"]\nmode = ["min", "max"]\n', [("error", "min"), ("reward", "max")]),
    ],
)
def test_metric_and_mode_stand_in_a_file_as_in_options(tmp_path, section, lines, objectives):
    file = tmp_path / "study.toml"
    file.write_text(f'{section}trainer = "f.py:f"\n{lines}')
    config = build_study([read_study_file(file)], [])
    assert config.objectives == [Objective(metric=metric, mode=mode) for metric, mode in objectives]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            'metric = "loss"\nobjectives = [{ metric = "loss" }]\n',
            "study.metric: says again what objectives says; give one of the two  ({file}:1)",
        ),
        (
            'metric = ["loss", "speed"]\nmode = "min"\n',
            "study.mode: 1 given, and 2 of metric ({file}:1); give one mode for each metric  ({file}:2)",
        ),
        ('metric = "loss"\nmode = "least"\n', "study.objectives[0].mode: expected one of min, max"),
        ('metric = "loss"\nmode = "least"\n', "got text 'least'  ({file}:2)"),
        ('metric = ["loss", 3]\n', "study.objectives[1].metric: expected str, got integer 3  ({file}:1)"),
    ],
)
def test_objectives_that_a_file_says_wrongly_are_told_with_their_lines(tmp_path, capsys, lines, said):
    file = tmp_path / "study.toml"
    file.write_text(f"{lines}jobs = 0\n")
    assert main(["search", str(file)]) == 2
    told = capsys.readouterr().err
    assert said.format(file=file) in told
    assert "study.jobs: must be >= 1: 0" in told


@pytest.mark.parametrize(
    ("words", "objectives"),
    [
        (["metric=reward", "mode=max"], [("reward", "max")]),
        (["study.metric=error"], [("error", "min")]),
        (["metric=[error, reward]", "mode=[min, max]"], [("error", "min"), ("reward", "max")]),
        (["metric=error", "mode=min", "metric=reward", "mode=max"], [("error", "min"), ("reward", "max")]),
    ],
)
def test_metric_and_mode_are_words_as_they_are_keys(tmp_path, words, objectives):
    file = tmp_path / "study.toml"
    file.write_text('trainer = "f.py:f"\nmetric = "other"\n')
    config = build_study([read_study_file(file)], words)
    assert config.objectives == [Objective(metric=metric, mode=mode) for metric, mode in objectives]


@pytest.mark.parametrize(
    ("lines", "words", "objectives"),
    [
        ('metric = "loss"\nmode = "max"\n', ["metric=other"], [("other", "max")]),
        ('metric = "loss"\nmode = "max"\n', ["mode=min"], [("loss", "min")]),
        ('metric = "gain"\n', ["mode=max"], [("gain", "max")]),
        ("", ["mode=max"], [("loss", "max")]),
        ('mode = "max"\n', [], [("loss", "max")]),
        ('mode = "max"\n', ["metric=[a, b]", "mode=[min, max]"], [("a", "min"), ("b", "max")]),
        ('objectives = [{ metric = "a", mode = "max" }]\n', ["metric=b"], [("b", "max")]),
        ('objectives = [{ metric = "a" }]\n', ["metric=[b, c]"], [("b", "min"), ("c", "min")]),
        ('metric = "a"\nmode = "max"\n', ["objectives=[{metric: b}]"], [("b", "min")]),
    ],
)
def test_each_of_metric_and_mode_holds_until_it_is_said_anew(tmp_path, lines, words, objectives):
    file = tmp_path / "study.toml"
    file.write_text(f'trainer = "f.py:f"\n{lines}')
    config = build_study([read_study_file(file)], words)
    assert config.objectives == [Objective(metric=metric, mode=mode) for metric, mode in objectives]


def test_a_piece_says_the_mode_of_a_metric_that_the_study_names(tmp_path):
    pieces = [Layer(tree={"study": {"objectives": [{"metric": "loss", "mode": "max"}]}}, source="a piece")]
    file = tmp_path / "study.toml"
    file.write_text('trainer = "f.py:f"\nmetric = "other"\n')
    config = build_study([*pieces, read_study_file(file)], [])
    assert config.objectives == [Objective(metric="other", mode="max")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--metric", "loss", "--metric", "speed", "mode=max"],
            "study.mode: 1 given, and 2 of metric (command line: --metric); give one mode for each metric",
        ),
        (["objectives=[{metric: a}]", "metric=b"], "study.metric: says again what objectives says"),
        (
            ["metric=loss", "mode=least"],
            "expected one of min, max; got text 'least'  (command line: mode=least)",
        ),
        (["metric=[loss, loss]"], "study.objectives: repeats loss"),
        (["metric=[]"], "study.objectives: Length of 'objectives' must be >= 1"),
        (["metric="], "study.objectives: a metric needs a name"),
    ],
)
def test_words_that_say_objectives_wrongly_are_told_with_all_other_mistakes(tmp_path, capsys, words, said):
    asked = ["--trainer", f"{TARGETS}:configured", "--studies", str(tmp_path), "jobs=0"]
    assert main(["search", *asked, *words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "study.jobs: must be >= 1: 0" in told
