from __future__ import annotations

import sys
from pathlib import Path

import pytest
from core.tests.site_folder import SiteFolder

from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import ApiVersionError, NameConflictError, PluginError, UnknownNameError, UsageError

OWN_TRAINER = """
    '''A module.'''
    from attrs import frozen

    class MyPPO:
        '''Learns something.

        At length.
        '''

        @frozen(kw_only=True)
        class Config:
            rate: float = 0.1

    number = 3
"""


def write(path: Path, source: str) -> Path:
    from textwrap import dedent

    path.write_text(dedent(source), encoding="utf-8")
    return path


def test_a_name_is_found_wherever_it_comes_from(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_named")
    component = resolve("trainer", "first")
    assert (component.kind, component.name, component.distribution, component.version) == (
        "trainer",
        "first",
        "acme",
        "1.0",
    )
    assert component.reference == "acme:first"
    assert component.config_class() is None
    assert component.factory()("a run") == "a run"
    assert resolve("trainer", component.reference) == component


def test_the_distribution_may_be_spelt_as_package_indexes_allow(site_folder: SiteFolder):
    site_folder.install_trainer("Acme-Labs", "first", module="acme_spelt")
    assert resolve("trainer", "acme_labs:first") == resolve("trainer", "Acme-Labs:first")


def test_a_class_is_found_by_its_module(site_folder: SiteFolder):
    write(site_folder.path / "acme_object.py", OWN_TRAINER)
    component = resolve("trainer", "acme_object:MyPPO")
    assert (component.name, component.reference, component.distribution) == (
        "MyPPO",
        "acme_object:MyPPO",
        None,
    )
    assert component.descriptor.summary == "Learns something."
    assert component.factory().Config is component.config_class()


def test_a_class_is_found_by_its_file(
    site_folder: SiteFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path / "my_ppo.py", OWN_TRAINER)
    monkeypatch.chdir(tmp_path)
    component = resolve("trainer", "./my_ppo.py:MyPPO")
    assert component.reference == f"{tmp_path / 'my_ppo.py'}:MyPPO"
    monkeypatch.chdir("/")
    again = resolve("trainer", component.reference)
    assert again.factory() is component.factory()
    assert again.factory().Config is again.config_class()


def test_a_file_may_hold_a_descriptor(site_folder: SiteFolder, tmp_path: Path):
    source = """
        from mlkernel import Descriptor
        mine = Descriptor(name="mine", summary="Mine.", factory="json:dumps", config="collections:OrderedDict")
    """
    component = resolve("trainer", f"{write(tmp_path / 'file.py', source)}:mine")
    assert component.name == "mine"
    assert component.config_class().__name__ == "OrderedDict"


def test_a_configuration_that_is_no_class_is_refused(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_config", more="config='json:dumps'")
    with pytest.raises(PluginError, match="json:dumps is not a class"):
        resolve("trainer", "first").config_class()


def test_a_factory_that_cannot_be_called_is_refused(site_folder: SiteFolder, tmp_path: Path):
    path = write(tmp_path / "file.py", OWN_TRAINER)
    with pytest.raises(PluginError, match="is of the type int; a class or a function is needed"):
        resolve("trainer", f"{path}:number")


def test_a_name_that_two_distributions_claim_is_refused_and_can_be_qualified(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_claims")
    site_folder.install_trainer("other", "first", module="other_claims", before="raise RuntimeError")
    with pytest.raises(NameConflictError) as refusal:
        resolve("trainer", "first")
    assert "acme 1.0 and other 1.0" in str(refusal.value)
    assert "acme:first or other:first" in str(refusal.value)
    assert resolve("trainer", "acme:first").distribution == "acme"
    assert "other_claims" not in sys.modules


def test_three_that_claim_a_name_are_all_named(site_folder: SiteFolder):
    for distribution in ("zeta", "acme", "other"):
        site_folder.install_trainer(distribution, "first", module=f"{distribution}_three")
    with pytest.raises(NameConflictError, match=r"acme 1\.0 and other 1\.0 and zeta 1\.0"):
        resolve("trainer", "first")


def test_a_conflict_is_solved_by_blocking_one(site_folder: SiteFolder, monkeypatch: pytest.MonkeyPatch):
    site_folder.install_trainer("acme", "first", module="acme_blocking")
    site_folder.install_trainer("other", "first", module="other_blocking")
    monkeypatch.setenv("MLKERNEL_BLOCKED_PLUGINS", "other")
    assert resolve("trainer", "first").distribution == "acme"


def test_an_unknown_name_gets_a_suggestion_with_its_source(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "proximal", module="acme_suggested")
    with pytest.raises(
        UnknownNameError, match=r"no trainer 'proximl'; did you mean 'proximal' \(acme 1.0\)\?"
    ):
        resolve("trainer", "proximl")


def test_a_name_of_another_kind_is_told(site_folder: SiteFolder):
    with pytest.raises(UnknownNameError, match="but a progress bar of that name"):
        resolve("trainer", "plain")


def test_an_unknown_distribution_is_told(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_qualified")
    with pytest.raises(UnknownNameError, match=r"did you mean 'first' \(acme 1.0\)"):
        resolve("trainer", "acme-extras:first")


def test_an_unknown_kind_is_told(site_folder: SiteFolder):
    with pytest.raises(UnknownNameError, match=r"no kind of component 'trainr'; did you mean 'trainer'\?"):
        resolve("trainr", "ppo")


def test_a_declared_kind_is_found_like_those_of_the_core(site_folder: SiteFolder):
    source = """
        from mlkernel import Descriptor, Kind
        strategy = Kind(name="strategy", plural="strategies", summary="How to search.")
        greedy = Descriptor(name="greedy", summary="Takes the best.", factory="builtins:max")
    """
    points = {
        "mlkernel.kinds": {"strategy": "acme_kind:strategy"},
        "mlkernel.strategies": {"greedy": "acme_kind:greedy"},
    }
    site_folder.install("acme", {"acme_kind": source}, points)
    assert resolve("strategy", "greedy").factory() is max


@pytest.mark.parametrize("blocker", ["acme", "Acme", "trainer:first"])
def test_what_is_blocked_is_not_found(site_folder: SiteFolder, monkeypatch: pytest.MonkeyPatch, blocker: str):
    site_folder.install_trainer("acme", "first", module="acme_blocked")
    monkeypatch.setenv("MLKERNEL_BLOCKED_PLUGINS", f"something,{blocker}")
    with pytest.raises(UnknownNameError, match=r"'first' of acme is blocked \(MLKERNEL_BLOCKED_PLUGINS\)"):
        resolve("trainer", "first")
    assert "acme_blocked" not in sys.modules


def test_an_allow_list_leaves_what_it_names_and_the_core(
    site_folder: SiteFolder, monkeypatch: pytest.MonkeyPatch
):
    site_folder.install_trainer("acme", "first", module="acme_allowed")
    site_folder.install_trainer("other", "second", module="other_allowed")
    monkeypatch.setenv("MLKERNEL_PLUGINS", "acme")
    assert resolve("trainer", "first").name == "first"
    assert resolve("progress_bar", "plain").name == "plain"
    with pytest.raises(UnknownNameError, match="not in MLKERNEL_PLUGINS"):
        resolve("trainer", "second")
    monkeypatch.setenv("MLKERNEL_PLUGINS", "")
    with pytest.raises(UnknownNameError, match="not in MLKERNEL_PLUGINS"):
        resolve("trainer", "first")


@pytest.mark.parametrize(("api", "upgrade"), [((2, 0), "mlkernel"), ((0, 9), "acme")])
def test_another_major_version_is_refused_before_anything_is_imported(
    site_folder: SiteFolder, api: tuple[int, int], upgrade: str
):
    site_folder.install_trainer("acme", "first", module=f"acme_api_{api[0]}", more=f"api={api}")
    with pytest.raises(
        ApiVersionError, match=f"made for version {api[0]}.{api[1]}.*\n.*--upgrade {upgrade}$"
    ):
        resolve("trainer", "first")
    assert f"acme_api_{api[0]}" not in sys.modules


def test_another_major_version_is_refused_where_only_the_descriptor_knows_it(site_folder: SiteFolder):
    site_folder.install_trainer(
        "acme", "first", module="acme_api_computed", before="api = (2, 0)", more="api=api"
    )
    with pytest.raises(ApiVersionError, match="Upgrade mlkernel"):
        resolve("trainer", "first")


def test_a_newer_minor_version_is_a_warning(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_minor", more="api=(1, 99)")
    with pytest.warns(UserWarning, match="version 1.99"):
        assert resolve("trainer", "first").name == "first"


def test_a_missing_module_is_named_before_the_factory_is_imported(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_needs", more="needs=('json', 'no_such_module')")
    component = resolve("trainer", "first")
    with pytest.raises(
        PluginError, match=r"needs 'no_such_module', which is not installed\n.*pip install no_such_module"
    ):
        component.factory()


def test_of_what_an_extra_brings_the_extra_is_named(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_extra", more="needs=('no_such_module',)")
    with next(site_folder.path.glob("acme*.dist-info")).joinpath("METADATA").open("a") as metadata:
        metadata.write("Provides-Extra: first\n")
    with pytest.raises(PluginError, match=r"pip install 'acme\[first\]'$"):
        resolve("trainer", "first").factory()


@pytest.mark.parametrize(
    ("before", "cause"),
    [
        (
            "raise RuntimeError('first line\\nsecond line')",
            r"RuntimeError: first line \(.*acme_broken.py:2\)",
        ),
        ("raise SystemExit(3)", r"SystemExit: 3 \(.*acme_broken.py:2\)"),
        (
            "import no_such_module",
            r"ModuleNotFoundError: No module named 'no_such_module' \(.*acme_broken.py:2\)",
        ),
        ("import = 3", r"SyntaxError: .* \(.*acme_broken.py:2\)"),
    ],
)
def test_a_chosen_plugin_that_cannot_be_imported_is_one_line_with_its_place(
    site_folder: SiteFolder, before: str, cause: str
):
    site_folder.install_trainer("acme", "first", module="acme_broken", before=before)
    with pytest.raises(PluginError, match=cause) as refusal:
        resolve("trainer", "first")
    assert "kernel plugin doctor acme:first" in str(refusal.value)
    assert "second line" not in str(refusal.value)


def test_a_broken_plugin_that_was_not_chosen_costs_nothing(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_good")
    site_folder.install_trainer("other", "second", module="other_broken", before="raise RuntimeError")
    assert resolve("trainer", "first").factory()(1) == 1
    assert "other_broken" not in sys.modules


def test_an_interrupt_during_an_import_stays_an_interrupt(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_interrupted", before="raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        resolve("trainer", "first")


def test_an_entry_point_that_names_no_descriptor_is_refused(site_folder: SiteFolder):
    site_folder.install(
        "acme", {"acme_class": "class First: pass"}, {"mlkernel.trainers": {"first": "acme_class:First"}}
    )
    with pytest.raises(PluginError, match="of the type type, not a Descriptor"):
        resolve("trainer", "first")


def test_an_entry_point_that_names_nothing_is_refused(site_folder: SiteFolder):
    site_folder.install("acme", {"acme_nothing": ""}, {"mlkernel.trainers": {"first": "acme_nothing:First"}})
    with pytest.raises(PluginError, match="has no attribute 'First'"):
        resolve("trainer", "first")


def test_a_misspelt_attribute_gets_a_suggestion(site_folder: SiteFolder, tmp_path: Path):
    path = write(tmp_path / "file.py", OWN_TRAINER)
    with pytest.raises(PluginError, match=r"has no 'MyPPo'\n.*Did you mean 'MyPPO'\?"):
        resolve("trainer", f"{path}:MyPPo")


def test_a_file_that_does_not_exist_is_told(site_folder: SiteFolder, tmp_path: Path):
    with pytest.raises(UsageError, match=f"the file {tmp_path}/none.py does not exist"):
        resolve("trainer", f"{tmp_path}/none.py:MyPPO")
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        resolve("trainer", f"{tmp_path}/folder.py:MyPPO")


def test_a_file_without_an_attribute_is_told_how_to_name_one(site_folder: SiteFolder):
    with pytest.raises(UsageError, match=r"names a file only\n.*\./mine.py:Name"):
        resolve("trainer", "./mine.py")


def test_a_module_of_the_current_folder_is_told_how_to_be_named(site_folder: SiteFolder):
    with pytest.raises(PluginError, match=r"no module 'no_such_package'\n.*current folder is not searched"):
        resolve("trainer", "no_such_package.trainers:Mine")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"class MyPPO(:\n", b"x = '\xe9'\n", b"\0"])
def test_a_file_that_is_no_python_is_told(site_folder: SiteFolder, tmp_path: Path, content: bytes):
    (tmp_path / "file.py").write_bytes(content)
    with pytest.raises(PluginError, match=f"trainer {tmp_path}/file.py:MyPPO cannot be loaded\n  "):
        resolve("trainer", f"{tmp_path}/file.py:MyPPO")


def test_a_file_can_be_corrected_and_named_again(site_folder: SiteFolder, tmp_path: Path):
    path = write(tmp_path / "file.py", "def broken(:")
    with pytest.raises(PluginError, match="SyntaxError"):
        resolve("trainer", f"{path}:MyPPO")
    write(path, OWN_TRAINER)
    assert resolve("trainer", f"{path}:MyPPO").name == "MyPPO"
