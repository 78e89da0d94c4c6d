"""What scripts of mle-toolbox import."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mlkernel.study.mle_toolbox import DeepLogger

CONFIG = """{
# what is searched
"train_config": {"x_0": 3, "nested": {"y": "# no comment"}}, // to the end of the line
"model_config": {"width": 8},
"log_config": {"time_to_track": ["step_counter"], "what_to_track": ["integral"], "print_every_k_updates": 10}
}"""
OLDER = """
from mlkernel.study.mle_toolbox import DeepLogger, get_configs_ready
train_config, net_config, log_config = get_configs_ready(default_config_fname="c.json")
assert train_config.nested == {"y": "# no comment"} and net_config.width == 8
log = DeepLogger(**log_config)
log.update_log([5], [train_config.x_0 + train_config.seed_id])
log.save_log()
"""
NEWER = """
import random
from mlkernel.study.mle_toolbox import MLExperiment
job = MLExperiment(config_fname="c.json")
assert job.extra_config == {"depth": 3.0, "kind": "deep"}, job.extra_config
job.update_log({"step_counter": 7}, {"integral": job.train_config.x_0 * job.seed_id})
job.log.update({}, {"integral": random.random()})
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "c.json").write_text(CONFIG)

    def run(script, *words):
        done = subprocess.run(
            [sys.executable, "-c", script, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def test_an_older_script_reports_what_it_logs(run):
    assert run(OLDER) == [{"integral": 3, "step_counter": 5, "step": 5}]
    assert run(OLDER, "-exp_dir", "e", "-config", "c.json", "-seed", "4")[0]["integral"] == 7


def test_a_newer_script_reports_and_finds_what_else_it_was_called_with(run):
    words = ("-seed", "2", "-depth", "3", "-kind", "deep")
    first, second = run(NEWER, *words)
    assert first == {"integral": 6, "step_counter": 7, "step": 7}
    assert "step" not in second
    assert run(NEWER, *words)[1] == second


def test_an_argument_without_a_value_is_said(run, tmp_path):
    words = [sys.executable, "-c", NEWER, "-seed", "2", "-depth"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "these arguments are no pairs -key value: -depth\n")


def test_a_value_too_many_is_an_error():
    with pytest.raises(ValueError, match="argument 2 is longer"):
        DeepLogger(["step"], ["loss"]).update_log([1], [2, 3])
