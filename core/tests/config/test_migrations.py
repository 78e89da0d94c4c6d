import pytest
from attrs import evolve, frozen

from mlkernel.config.layers import Layer
from mlkernel.config.option import option
from mlkernel.config.sections import build, from_plain, to_plain
from mlkernel.descriptors import Descriptor
from mlkernel.errors import ConfigError, PluginError


@frozen(kw_only=True)
class Options:
    learning_rate: float = option(0.1, help="Step size; was called lr in version 1.")
    steps: int = option(1, help="How long.")


MIGRATIONS = "core.tests.config.sample_migrations"
DESCRIPTOR = Descriptor(
    name="sample", summary="Sample.", factory="none:none", config_version=2, migrate=f"{MIGRATIONS}:migrate"
)


def file_of_version(version, **values):
    tree = {"trainer": {"config_version": version, **values}}
    return Layer(
        tree=tree, source="old.toml", origins={"trainer.steps": "old.toml:4", "trainer.lr": "old.toml:3"}
    )


def test_an_older_file_is_migrated_and_says_so():
    layer = file_of_version(1, lr=0.5, steps=3)
    configuration = build(Options, [layer], descriptor=DESCRIPTOR)
    assert configuration.trainer == Options(learning_rate=0.5, steps=3)
    assert configuration.origins["trainer.learning_rate"] == "old.toml, migrated from version 1"
    assert configuration.origins["trainer.steps"] == "old.toml:4"
    assert layer.tree["trainer"]["lr"] == 0.5


def test_a_file_of_the_present_version_is_not_migrated():
    assert build(Options, [file_of_version(2, steps=3)], descriptor=DESCRIPTOR).trainer.steps == 3
    with pytest.raises(ConfigError, match=r"trainer\.lr: unknown key"):
        build(Options, [file_of_version(2, lr=3)], descriptor=DESCRIPTOR)


def test_the_version_is_written_and_read_back():
    configuration = build(Options, descriptor=DESCRIPTOR)
    assert to_plain(configuration)["trainer"]["config_version"] == 2
    assert from_plain(Options, to_plain(configuration), descriptor=DESCRIPTOR) == configuration


def test_a_file_of_a_later_version_asks_for_an_upgrade():
    told = r"trainer\.config_version: sample reads version 2, not 3; upgrade the package of sample"
    with pytest.raises(ConfigError, match=told):
        build(Options, [file_of_version(3)], descriptor=DESCRIPTOR)


def test_a_version_that_is_none_is_told():
    with pytest.raises(ConfigError, match="sample reads version 2, not 'one'"):
        build(Options, [file_of_version("one")], descriptor=DESCRIPTOR)


def test_a_migration_that_fails_is_the_plugins_fault():
    broken = evolve(DESCRIPTOR, migrate=f"{MIGRATIONS}:failing_migrate")
    with pytest.raises(PluginError, match="failing_migrate failed on a configuration of version 1: KeyError"):
        build(Options, [file_of_version(1)], descriptor=broken)
