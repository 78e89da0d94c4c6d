import json

import pytest
from attrs import frozen
from core.tests.config.sample_options import Activation, EnvironmentOptions, SampleOptions, ScheduleOptions

from mlkernel.config.layers import Assignment, Layer
from mlkernel.config.option import option
from mlkernel.config.problems import SHOWN
from mlkernel.config.sections import build, chosen_trainer, from_plain, to_plain
from mlkernel.errors import ConfigError, PluginError


def layer(tree, source="file.toml", **origins):
    return Layer(tree=tree, source=source, origins=origins)


def test_defaults_are_those_of_the_class():
    configuration = build(SampleOptions, overrides=["steps=1"])
    assert configuration.trainer == SampleOptions(steps=1)
    assert configuration.run.seed == 0
    assert dict(configuration.origins) == {"trainer.steps": "command line: steps=1"}


def test_a_component_without_options_has_the_other_sections():
    assert build(None, overrides=["run.seed=3"]).run.seed == 3


def test_later_layers_and_then_overrides_win():
    first = layer({"trainer": {"steps": 1, "lr": 0.1, "optimizer": "sgd"}}, "first")
    second = layer({"trainer": {"lr": 0.2, "steps": 2}}, "second")
    configuration = build(SampleOptions, [first, second], ["steps=3"])
    assert (configuration.trainer.steps, configuration.trainer.lr) == (3, 0.2)
    assert configuration.trainer.optimizer == "sgd"
    assert configuration.origins["trainer.lr"] == "second"
    assert configuration.origins["trainer.optimizer"] == "first"


def test_setting_one_nested_option_keeps_the_outer_class_default_of_the_others():
    assert build(SampleOptions, overrides=["steps=1", "env.name=X"]).trainer.env.count == 8
    from_file = build(SampleOptions, [layer({"trainer": {"env": {"name": "X"}}})], ["steps=1"])
    assert from_file.trainer.env == EnvironmentOptions(name="X", count=8)


def test_an_absent_nested_class_is_made_when_one_of_its_options_is_set():
    trainer = build(SampleOptions, overrides=["steps=1", "schedule.warmup=5"]).trainer
    assert trainer.schedule == ScheduleOptions(warmup=5)


def test_lists_and_tables_replace_but_a_path_into_a_table_adds():
    base = layer({"trainer": {"steps": 1, "sizes": [1, 2, 3], "env": {"settings": {"a": 1}}}})
    replaced = build(SampleOptions, [base], ["sizes=[4]", "env.settings={b: 2}"]).trainer
    assert (replaced.sizes, replaced.env.settings) == ((4,), {"b": 2})
    assert build(SampleOptions, [base], ["env.settings.b=2"]).trainer.env.settings == {"a": 1, "b": 2}


def test_a_required_nested_class_asks_for_its_own_required_options():
    @frozen(kw_only=True)
    class Inner:
        name: str = option(help="Required.")

    @frozen(kw_only=True)
    class Outer:
        inner: Inner = option(help="Required.")

    with pytest.raises(ConfigError, match=r"trainer\.inner\.name: required"):
        build(Outer)
    assert build(Outer, overrides=["inner.name=x"]).trainer == Outer(inner=Inner(name="x"))


def test_every_problem_is_told_at_once_with_path_origin_and_suggestion():
    tree = {
        "trainer": {"lr": "fast", "env": {"cuont": 1, "count": 0}, "sizes": [1, "b"], "activation": "tnah"},
        "runn": {},
        "env": {},
    }
    with pytest.raises(ConfigError) as caught:
        build(
            SampleOptions,
            [layer(tree, **{"trainer.lr": "file.toml:3"})],
            ["gama=1", "count=2", "what", "run.seed=-1"],
        )
    message = str(caught.value)
    assert message.splitlines()[0] == "12 problems in the configuration:"
    for line in (
        "runn: unknown section; did you mean run?  (file.toml)",
        "env: unknown section; did you mean trainer.env?  (file.toml)",
        "trainer.gama: unknown key; did you mean gamma?  (command line: gama=...)",
        "trainer.count: unknown key; did you mean env.count?  (command line: count=...)",
        "an override is written path=value  (command line: what)",
        "trainer.lr: expected float, got text 'fast'  (file.toml:3)",
        "trainer.steps: required, and not given",
        "trainer.env.count: must be >= 1: 0  (file.toml)",
        "trainer.env.cuont: unknown key; did you mean count?  (file.toml)",
        "trainer.sizes[1]: expected int, got text 'b'  (file.toml)",
        "trainer.activation: expected one of tanh, relu; got text 'tnah'  (file.toml)",
        "run.seed: must be >= 0: -1  (command line: run.seed=-1)",
    ):
        assert f"  {line}" in message.splitlines()
    assert caught.value.exit_code == 2


def test_a_key_that_is_close_to_one_elsewhere_is_suggested_with_its_path():
    with pytest.raises(ConfigError, match=r"trainer\.warmpu: unknown key; did you mean schedule\.warmup\?"):
        build(SampleOptions, overrides=["steps=1", "warmpu=3"])


def test_many_problems_fit_on_one_screen():
    with pytest.raises(ConfigError) as caught:
        build(SampleOptions, overrides=[f"option_{number}=1" for number in range(100)])
    lines = str(caught.value).splitlines()
    assert len(lines) == SHOWN + 2
    assert lines[-1] == f"  ... and {101 - SHOWN} more"


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("steps=1.0", "expected int, got number 1.0"),
        ("steps=true", "expected int, got true"),
        ("steps=null", "expected int, got null"),
        ("run.strict_plugins=1", "expected bool, got integer 1"),
        ("lr=true", "expected float, got true"),
        ("sizes=3", "expected a list, got integer 3"),
        ("sizes=[]", "Length of 'sizes' must be >= 1: 0"),
        ("env=3", "expected a table, got integer 3"),
        ("env.settings=[1]", "expected a table, got a list"),
        ("device=1.5", "expected int | auto, got number 1.5"),
        ("optimizer=adm", "must be in ['adam', 'sgd'] (got 'adm')"),
        ("schedule.kind=step", "expected one of linear, cosine; got text 'step'"),
    ],
)
def test_nothing_is_coerced(override, told):
    with pytest.raises(ConfigError) as caught:
        build(SampleOptions, overrides=["steps=1", override])
    assert told in str(caught.value)


def test_an_integer_is_a_float():
    trainer = build(SampleOptions, overrides=["steps=1", "lr=1"]).trainer
    assert type(trainer.lr) is float


def test_validators_that_look_at_other_options_run_once_all_are_there():
    @frozen(kw_only=True)
    class Range:
        low: int = option(0, help="Least.")
        high: int = option(1, help="Most.", validator=lambda self, _, value: _check_above(self.low, value))

    def _check_above(low, high):
        if high <= low:
            raise ValueError(f"high must be above {low}")

    assert build(Range, overrides=["low=2", "high=3"]).trainer.high == 3
    with pytest.raises(ConfigError, match="high must be above 2"):
        build(Range, overrides=["low=2"])


def test_plain_form_is_json_and_gives_the_configuration_again():
    configuration = build(
        SampleOptions,
        overrides=[
            "steps=1",
            "activation=relu",
            "folder=/data",
            "key=env:KEY",
            "schedule.kind=cosine",
            "device=1",
        ],
    )
    tree = json.loads(json.dumps(to_plain(configuration)))
    assert tree["trainer"]["key"] == "env:KEY"
    assert from_plain(SampleOptions, tree) == configuration
    assert configuration.trainer.activation is Activation.RELU


def test_a_written_configuration_can_be_changed_by_overrides():
    first = build(SampleOptions, overrides=["steps=1", "lr=1"])
    second = from_plain(SampleOptions, to_plain(first), ["steps=2"], source="plan.json")
    assert (second.trainer.steps, second.trainer.lr) == (2, 1.0)
    assert second.origins["trainer.lr"] == "plan.json"
    assert second.origins["trainer.steps"] == "command line: steps=2"


def test_an_assignment_keeps_its_own_origin():
    with pytest.raises(ConfigError, match=r"trainer\.lr: must be > 0: -1\.0  \(trial 3\)"):
        build(SampleOptions, overrides=["steps=1", Assignment(path="lr", value=-1.0, origin="trial 3")])


def test_a_literal_secret_is_refused_and_never_repeated():
    leaked = "sk-very-secret"
    for override in (f"key={leaked}", f"kye={leaked}"):
        with pytest.raises(ConfigError) as caught:
            build(SampleOptions, [layer({"trainer": {"key": leaked}})], ["steps=1", override])
        assert leaked not in str(caught.value)


def test_a_secret_is_read_when_it_is_revealed(monkeypatch):
    configuration = build(SampleOptions, overrides=["steps=1", "key=env:MLKERNEL_TEST_KEY"])
    monkeypatch.setenv("MLKERNEL_TEST_KEY", "value")
    assert configuration.trainer.key.reveal() == "value"
    assert "value" not in repr(configuration)
    monkeypatch.delenv("MLKERNEL_TEST_KEY")
    with pytest.raises(ConfigError, match="MLKERNEL_TEST_KEY is not set"):
        configuration.trainer.key.reveal()


def test_the_files_name_the_trainer():
    layers = [layer({"trainer": {"use": "one"}}), layer({"trainer": {"use": "two", "steps": 1}}), layer({})]
    assert chosen_trainer(layers) == "two"
    assert chosen_trainer([]) is None
    assert build(SampleOptions, layers).trainer.steps == 1


def test_a_file_of_another_version_is_refused():
    with pytest.raises(ConfigError, match="reads files of version 1, not 2"):
        build(None, [layer({"version": 2})])


def test_a_class_whose_types_cannot_be_resolved_is_the_plugins_fault():
    @frozen(kw_only=True)
    class Broken:
        value: "NowhereDefined" = option(1, help="Cannot be resolved.")  # noqa: F821

    with pytest.raises(PluginError, match="NowhereDefined"):
        build(Broken)
