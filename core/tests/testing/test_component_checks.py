"""Each check of a component fails for the component that breaks its promise."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from core.tests.site_folder import SiteFolder

from mlkernel import HookError
from mlkernel.testing import Check, CheckFailed, parametrize_with_checks
from mlkernel.testing.plugin_check import checks_of

BROKEN = Path(__file__).with_name("broken_components.py")


@pytest.fixture(autouse=True)
def _same_streams() -> Iterator[None]:
    streams = sys.stdout, sys.stderr
    yield
    sys.stdout, sys.stderr = streams


def check_of(kind: str, component: str, name: str) -> Check:
    return next(check for check in checks_of(component, kind=kind) if check.name == name)


@pytest.mark.parametrize(
    ("kind", "component", "check", "message"),
    [
        ("trainer", "WithSilentOption", "config_options_have_help", "options without help: rate"),
        ("trainer", "WithMutableConfig", "config_is_frozen", "Mutable.rate can be changed"),
        ("trainer", "TakesNoRun", "factory_can_be_imported_and_called", "called with 1 positional"),
        (
            "trainer",
            "LacksPhases",
            "class_has_the_methods_of_its_kind",
            "LacksPhases lacks .*Trainer: .*phases",
        ),
        ("listener", "HearsNothing", "hears_something", "implements no hook"),
        (
            "listener",
            "Raises",
            "changes_no_metrics",
            "plugin 'listener . .Raises.' raised in on_iteration_ended",
        ),
        ("listener", "DrawsFromTheRun", "changes_no_metrics", "logs other metrics"),
        ("listener", "MisspellsAHook", "changes_no_metrics", "on_run_begun"),
        ("progress_bar", "LacksMethods", "has_all_methods", "phase_started, advance, describe"),
        ("progress_bar", "KeepsStandardError", "shows[a_finished_run]", "still redirected"),
        ("state_codec", "pickling", "reads_without_pickle", "reads with pickle"),
        (
            "state_codec",
            "rounding",
            "leaves_come_back_equal",
            "dtype is float32 instead of int64|comes back as",
        ),
        ("state_codec", "sharing", "copies_are_equal_and_independent", "changes its copy"),
        ("state_codec", "untidy", "files_begin_with_its_name", "index"),
    ],
)
def test_a_broken_promise_is_found(kind: str, component: str, check: str, message: str) -> None:
    with pytest.raises((CheckFailed, HookError), match=message):
        check_of(kind, f"{BROKEN}:{component}", check)()


def install(site_folder: SiteFolder, modules: dict[str, str], descriptor: str = "") -> None:
    code = f"""
    from mlkernel import Descriptor
    {modules.pop("before", "")}
    trainer = Descriptor(name="theirs", summary="Theirs.", factory="their_trainer:make", {descriptor})
    """
    names = {"mlkernel.trainers": {"theirs": "their_descriptor:trainer"}}
    site_folder.install("their-package", {"their_descriptor": code, **modules}, names)


def test_a_descriptor_that_imports_numpy_is_found(site_folder: SiteFolder) -> None:
    install(site_folder, {"before": "import numpy"})
    with pytest.raises(CheckFailed, match="importing their_descriptor imports numpy"):
        check_of("trainer", "theirs", "module_imports_light[their_descriptor]")()


def test_a_configuration_that_imports_numpy_is_found(site_folder: SiteFolder) -> None:
    config = "import numpy\nimport attrs\n\n@attrs.frozen\nclass Config:\n    pass\n"
    install(site_folder, {"their_config": config}, 'config="their_config:Config"')
    with pytest.raises(CheckFailed, match="importing their_config imports numpy"):
        check_of("trainer", "theirs", "module_imports_light[their_config]")()


def test_an_import_from_beneath_the_public_names_is_found(site_folder: SiteFolder) -> None:
    install(
        site_folder, {"their_trainer": "from mlkernel.run.run import Run\n\ndef make(run):\n    return run\n"}
    )
    with pytest.raises(CheckFailed, match=r"their_trainer.py:1 imports mlkernel.run.run"):
        check_of("trainer", "theirs", "imports_public_names_only")()


@parametrize_with_checks("numpy", kind="state_codec")
def test_the_codec_of_arrays_keeps_its_contract(check: Check) -> None:
    check()


@parametrize_with_checks("rich", kind="progress_bar")
def test_the_bar_of_terminals_keeps_its_contract(check: Check) -> None:
    check()
