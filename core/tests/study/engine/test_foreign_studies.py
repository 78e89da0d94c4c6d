"""What files of mle-toolbox and hpogrid say, in the keys of a study."""

from __future__ import annotations

import json

import pytest

from mlkernel.errors import ConfigError
from mlkernel.study.engine.study_file import read_study_file
from mlkernel.study.engine.study_settings import build_study

META = {"project_name": "ode", "base_train_fname": "run.py", "base_train_config": "base.json"}
HPO = {"algorithm": "random", "metric": "loss", "mode": "min", "num_trials": 7, "max_concurrent": 2}
MODEL = {"script": "train.py", "model": "objective"}
SPACE = {"real": {"train:x": {"begin": 1, "end": 9, "bins": 3}}}


@pytest.fixture
def study_of(tmp_path):
    """The study that a tree in a file is read as, and checked."""

    def read(tree, place="study.json"):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(tree))
        return build_study([read_study_file(path)], [])

    return read


@pytest.fixture
def search(study_of):
    """The study of a search of mle-toolbox, in the newer layout."""

    def read(search_type, options=None, **sections):
        logging = {"max_objective": False, "eval_metrics": "loss", **sections.get("logging", {})}
        resources = {"num_search_batches": 3, "num_evals_per_batch": 4, **sections.get("resources", {})}
        config = {"search_type": search_type, "search_params": SPACE, "search_config": options or {}}
        arguments = {"search_logging": logging, "search_resources": resources, "search_config": config}
        return study_of({"meta_job_args": META, "param_search_args": arguments})

    return read


def test_options_of_model_based_search_keep_their_names(search):
    study = search("SMBO", {"base_estimator": "ET", "acq_function": "EI", "n_initial_points": 4})
    assert study.algorithm.name == "smbo"
    assert study.algorithm.config.base_estimator == "ET"
    assert (study.trials, study.jobs) == (12, 4)
    assert study.space == SPACE


def test_an_unknown_option_is_refused(search):
    with pytest.raises(ConfigError, match="did you mean acq_function"):
        search("SMBO", {"acq_funktion": "EI"})


def test_the_optimizer_of_nevergrad_is_its_method(search):
    study = search("Nevergrad", {"optimizer": "OnePlusOne", "budget_size": 100, "num_workers": 10})
    assert study.algorithm.config.method == "OnePlusOne"


def test_refinement_is_the_study_s(search):
    study = search("Random", {"refine_after": 5, "refine_top_k": 3})
    assert (study.refine_after, study.refine_top_k) == ([5], 3)
    assert search("Random", {"refine_after": [5, 9]}).refine_after == [5, 9]


def test_halving_is_a_scheduler_that_trains_its_arms(search):
    study = search("Halving", {"min_budget": 2, "num_arms": 20, "halving_coeff": 2})
    assert (study.algorithm.name, study.scheduler.name) == ("random", "halving")
    assert (study.trials, study.max_step) == (20, 32)
    assert (study.scheduler.config.trials, study.scheduler.config.min_step) == (20, 2)


def test_hyperband_has_the_trials_of_all_its_brackets(search):
    study = search("Hyperband", {"max_resource": 9, "eta": 3})
    assert (study.scheduler.name, study.max_step, study.trials) == ("hyperband", 9, 9 + 5 + 3)


def test_a_population_trains_as_many_intervals_as_there_are_batches(search):
    explore = {"strategy": "additive-noise", "noise_scale": 0.3}
    exploit = {"strategy": "truncation", "selection_percent": 0.4}
    study = search("PBT", {"num_workers": 6, "steps_until_ready": 5, "exploit": exploit, "explore": explore})
    assert (study.trials, study.max_step) == (6, 15)
    options = study.scheduler.config
    assert (options.population, options.interval, options.fraction) == (6, 5, 0.4)
    assert (options.explore, options.noise_scale) == ("noise", 0.3)


def test_several_metrics_are_several_objectives_unless_one_is_modelled(search):
    both = {"eval_metrics": ["loss", "seconds"]}
    assert [one.metric for one in search("Random", logging=both).objectives] == ["loss", "seconds"]
    modelled = search("SMBO", {"metric_to_model": "seconds"}, logging=both)
    assert [(one.metric, one.mode) for one in modelled.objectives] == [("seconds", "min")]


def test_asynchronous_searches_say_trials_and_jobs_themselves(search):
    study = search("Random", resources={"num_total_evals": 30, "max_running_jobs": 5, "random_seeds": [3, 8]})
    assert (study.trials, study.jobs, study.seeds) == (30, 5, [3, 8])


def test_seeds_are_aggregated_as_they_were(search):
    assert search("Random", logging={"aggregate_seeds": "p50"}).aggregate == "median"
    assert search("Random", logging={"aggregate_seeds": "p90"}).aggregate == "p90"


def test_an_earlier_log_is_not_silently_left_out(search):
    with pytest.raises(ConfigError, match="reload_log") as caught:
        search("Random", logging={"reload_log": True})
    assert "warm_start" in caught.value.hint


def test_what_a_job_needs_and_steps_around_the_trials(study_of):
    study = study_of(
        {
            "meta_job_args": {**META, "report_generation": True},
            "single_job_args": {
                "num_logical_cores": 2,
                "memory_per_job": 500,
                "time_per_job": "01:02:03",
                "extra_cmd_line_input": {"depth": 3},
                "partition": "short",
            },
            "multi_config_args": {"config_fnames": ["a.json", "b.json"], "random_seeds": [5, 6]},
            "pre_processing_args": {
                "processing_fname": "data set.py",
                "extra_cmd_line_input": {"size": 10},
            },
            "param_search_args": {
                "search_type": "grid",
                "eval_score_type": "loss",
                "params_to_search": SPACE,
            },
        }
    )
    assert (study.resources.cpus, study.resources.memory, study.resources.time) == (2, 500, 93780.0)
    assert study.script_options == {"depth": 3}
    assert (study.configurations, study.seeds) == (["a.json", "b.json"], [5, 6])
    assert study.before[0].endswith("'data set.py' -size 10 -exp_dir {directory}")
    assert study.after[0].endswith("study report {directory}")
    assert study.name.startswith("ode-")


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ({"meta_job_args": {}}, "study.json: meta_job_args.base_train_fname: missing"),
        ({"meta_job_args": META, "param_search_arg": {}}, "did you mean param_search_args"),
        ({"meta_job_args": META, "single_job_args": {"time_per_job": "2 h"}}, "dd:hh:mm"),
        ({"meta_job_args": META, "param_search_args": {"search_type": "grid"}}, "no metric"),
        ({"hpo_config": HPO, "model_config": {"script": "a.py"}}, "model_config.model missing"),
        (
            {"hpo_config": {**HPO, "stop": {"loss": 1}}, "model_config": MODEL},
            "cannot be stopped by loss",
        ),
        ({"hpo_config": {**HPO, "num_trials": -1}, "model_config": MODEL}, "one trial per GPU"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(study_of, tree, told):
    with pytest.raises(ConfigError, match=told) as caught:
        study_of(tree)
    assert "study.json" in str(caught.value)


def test_options_of_ray_get_their_names_here(study_of):
    options = {"perturbation_interval": 3, "quantile_fraction": 0.25, "time_attr": "training_iteration"}
    hpo = {**HPO, "scheduler": "pbt", "scheduler_param": options, "stop": {"training_iteration": 9}}
    study = study_of({"hpo_config": hpo, "model_config": MODEL, "search_space": {}})
    assert (study.scheduler.name, study.max_step) == ("pbt", 9)
    assert (study.scheduler.config.interval, study.scheduler.config.fraction) == (3, 0.25)


def test_a_scheduler_does_nothing_within_one_iteration(study_of):
    study = study_of({"hpo_config": {**HPO, "scheduler": "asynchyperband"}, "model_config": MODEL})
    assert study.scheduler.name == "fifo"
    assert (study.trials, study.jobs) == (7, 2)


def test_the_scripts_of_a_project_lie_beside_its_configuration(study_of, tmp_path):
    script = tmp_path / "projects" / "p" / "scripts" / "train.py"
    script.parent.mkdir(parents=True)
    script.touch()
    tree = {"project_name": "p", "hpo_config": HPO, "model_config": MODEL, "scripts_path": "gone"}
    study = study_of(tree, "projects/p/config/config.json")
    assert study.trainer == f"{script}:objective"
    assert study.name == "p"
