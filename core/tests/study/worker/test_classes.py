"""Trainable classes as targets: Ray's names, the older ones and hpogrid's, checkpoints, objects that are used again."""

from __future__ import annotations

import textwrap

import pytest

from mlkernel.study.worker.messages import Pause

from .small_driver import order, train

CLASSES = """
import json, os, random
import numpy as np

class Modern:
    def setup(self, config, seed=None):
        self.total, self.seed = 0.0, seed

    def step(self):
        self.total += self.config["rate"] * random.random() + np.random.random()
        return {"loss": self.total, "seed": self.seed, "words": "left out", "done": self.total > 1e6}

    def save_checkpoint(self, checkpoint_dir):
        return {"total": self.total}

    def load_checkpoint(self, checkpoint):
        self.total = checkpoint["total"]

class Older:
    def _setup(self, config):
        self.timestep = 0

    def _train(self):
        self.timestep += 1
        return {"loss": np.tanh(self.timestep / self.config.get("alpha", 1)) * self.config["beta"]}

    def _save(self, checkpoint_dir):
        path = os.path.join(checkpoint_dir, "checkpoint")
        with open(path, "w") as file:
            file.write(json.dumps({"timestep": self.timestep}))
        return path

    def _restore(self, checkpoint_path):
        with open(checkpoint_path) as file:
            self.timestep = json.loads(file.read())["timestep"]

class InAFolder(Older):
    def _save(self, checkpoint_dir):
        super()._save(checkpoint_dir)

    def _restore(self, checkpoint_dir):
        super()._restore(os.path.join(checkpoint_dir, "checkpoint"))

class Custom:
    def initialize(self, config):
        self.loss = config["nested"]["loss"]

    def step(self):
        return {"loss": self.loss}

class Reused(Custom):
    made = 0

    def initialize(self, config):
        super().initialize(config)
        type(self).made += 1

    def reset_config(self, new_config):
        self.loss = new_config["nested"]["loss"]
        return True

    def step(self):
        return {"loss": self.loss, "made": self.made}

    def cleanup(self):
        print("cleaned up")

class Half(Custom):
    def save_checkpoint(self, folder): ...

class NoStep:
    def setup(self, config): ...

class Elsewhere(Older):
    def _save(self, checkpoint_dir):
        return super()._save(os.getcwd())

class Unstorable(Older):
    def _save(self, checkpoint_dir):
        return {"object": object()}
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "classes.py").write_text(textwrap.dedent(CLASSES))
    return tmp_path


def trained(study, name, **fields):
    return order(study, f"./classes.py:{name}", **fields)


def test_a_class_is_trained_one_step_unless_the_study_says_more(study):
    beta = {"parameters": {"beta": 1.0}}
    assert len(train(study, trained(study, "Older", **beta)).reports) == 1
    driver = train(study, trained(study, "Older", trial=1, max_step=3, **beta))
    assert driver.values == pytest.approx([0.7615942, 0.9640276, 0.9950548])
    assert driver.end.state == "finished"


@pytest.mark.parametrize("name", ["Modern", "Older", "InAFolder"])
def test_a_paused_class_goes_on_from_its_checkpoint(study, name):
    whole = trained(study, name, trial=1, max_step=5, seed=3, parameters={"beta": 1.0, "rate": 0.5})
    parts = [
        trained(study, name, seed=3, until=until, max_step=5, parameters=whole.parameters)
        for until in (2, 4, None)
    ]
    unbroken, broken = train(study, whole), train(study, *parts)
    assert [end.state for end in broken.ends] == ["paused", "paused", "finished"]
    assert broken.values == unbroken.values
    assert [one.step for one in broken.reports] == [1, 2, 3, 4, 5]


def test_an_attempt_that_was_lost_at_its_pause_is_not_trained_beyond_it(study):
    point = {"beta": 1.0, "rate": 0.5}
    parts = [
        trained(study, "Modern", until=until, max_step=5, parameters=point, resume=resume)
        for until, resume in ((2, False), (2, True), (None, True))
    ]
    driver = train(study, *parts)
    assert [end.state for end in driver.ends] == ["paused", "paused", "finished"]
    assert [one.step for one in driver.reports] == [1, 2, 3, 4, 5]


def test_names_of_hpogrid_and_nested_parameters(study):
    assert train(study, trained(study, "Custom", parameters={"nested/loss": 0.25})).values == [0.25]


def test_what_is_no_number_is_left_out_and_the_seed_is_given_by_name(study):
    driver = train(study, trained(study, "Modern", seed=9, parameters={"rate": 1.0}))
    assert driver.end.metrics.keys() == {"loss", "seed", "done"}
    assert driver.end.metrics["seed"] == 9


def test_an_object_that_takes_another_configuration_is_used_again(study):
    orders = [trained(study, "Reused", trial=n, parameters={"nested.loss": n}) for n in range(3)]
    driver = train(study, *orders)
    assert driver.values == [0, 1, 2]
    assert [one.metrics["made"] for one in driver.reports] == [1, 1, 1]


def test_a_run_goes_on_from_the_checkpoint_of_another(study):
    source = trained(study, "Modern", trial=0, until=3, max_step=9, parameters={"rate": 1.0})
    other = trained(study, "Modern", trial=1, until=1, max_step=9, parameters={"rate": 2.0})
    exploit = trained(
        study, "Modern", trial=1, max_step=4, parameters={"rate": 3.0}, source=source.directory, resume=True
    )
    driver = train(study, source, other, exploit)
    assert [(one.trial, one.step) for one in driver.reports] == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 4)]
    assert driver.values[-1] > driver.values[2]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Half", "only one of save_checkpoint and load_checkpoint"),
        ("NoStep", "no method step"),
        ("Elsewhere", "outside the folder"),
        ("Unstorable", "cannot be kept"),
        ("Oder", "Did you mean 'Older'?"),
    ],
)
def test_a_class_that_breaks_the_contract_is_refused_once(study, name, said):
    fields = {"max_step": 3, "parameters": {"beta": 1.0, "nested.loss": 1}}
    driver = train(study, trained(study, name, **fields), decide=lambda one: Pause())
    assert (driver.end.state, driver.end.retry) == ("failed", False)
    assert said in driver.end.error
