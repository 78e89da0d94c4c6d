from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from core.tests.site_folder import SiteFolder

from mlkernel.discovery.entry_point_index import EntryPointRow, read_index

TRAINERS = "mlkernel.trainers"
WARM_READING = """
import sys
from mlkernel.discovery.entry_point_index import read_index
names = [row.name for row in read_index().rows("mlkernel.trainers")]
print("first" in names, "importlib.metadata" in sys.modules, "ast" in sys.modules)
"""


def trainers() -> dict[str, EntryPointRow]:
    return {row.reference: row for row in read_index().rows(TRAINERS)}


def test_rows_tell_what_the_descriptor_says_without_executing_it(site_folder: SiteFolder):
    site_folder.install_trainer(
        "acme",
        "first",
        module="acme_first",
        before="raise SystemExit('executed')",
        more="api=(3, 1), needs=('torch',)",
    )
    row = trainers()["acme:first"]
    assert row == EntryPointRow(
        group=TRAINERS,
        name="first",
        value="acme_first:trainer",
        distribution="acme",
        version="1.0",
        summary="A trainer of acme.",
        api=(3, 1),
        needs=("torch",),
    )
    assert "acme_first" not in sys.modules


def test_what_is_no_literal_is_left_open(site_folder: SiteFolder):
    source = """
        from mlkernel import API_VERSION, Descriptor
        word = "computed"
        trainer: Descriptor = Descriptor(name="first", summary=word, factory="a:b", api=API_VERSION, needs=["json"])
    """
    site_folder.install(
        "acme", {"acme_open/descriptors": source}, {TRAINERS: {"first": "acme_open.descriptors:trainer"}}
    )
    row = trainers()["acme:first"]
    assert (row.summary, row.api, row.needs) == (None, None, ("json",))


@pytest.mark.parametrize("source", ["trainer = = 1", "other = 1", "trainer = 1", "\0"])
def test_a_source_that_cannot_be_read_leaves_a_row_without_summary(site_folder: SiteFolder, source: str):
    site_folder.install("acme", {"acme_unreadable": source}, {TRAINERS: {"first": "acme_unreadable:trainer"}})
    assert trainers()["acme:first"].summary is None


def test_a_module_that_is_missing_leaves_a_row_until_it_appears(site_folder: SiteFolder):
    package = {"acme_missing/__init__": ""}
    site_folder.install("acme", package, {TRAINERS: {"first": "acme_missing.descriptors:trainer"}})
    assert trainers()["acme:first"].summary is None
    source = "trainer = Descriptor(name='first', summary='Appeared.', factory='a:b')"
    (site_folder.path / "acme_missing/descriptors.py").write_text(source)
    assert trainers()["acme:first"].summary == "Appeared."


def test_a_warm_index_reads_no_distribution(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_warm")
    answers = [
        subprocess.run(
            [sys.executable, "-c", WARM_READING],
            env=site_folder.environment(),
            cwd=site_folder.home,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    assert answers == [["True", "True", "True"], ["True", "False", "False"]]


def test_what_is_installed_or_removed_shows_at_once(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_shown")
    assert set(trainers()) >= {"acme:first"}
    info = site_folder.install_trainer("other", "second", module="acme_second")
    assert set(trainers()) >= {"acme:first", "other:second"}
    info.rename(site_folder.home / "removed")
    assert "other:second" not in trainers()


def test_an_edited_descriptor_shows_at_once(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_edited")
    assert trainers()["acme:first"].summary == "A trainer of acme."
    source = site_folder.path / "acme_edited.py"
    source.write_text(source.read_text().replace("A trainer of acme.", "Another."))
    assert trainers()["acme:first"].summary == "Another."


def test_what_changed_a_moment_ago_is_not_kept(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_recent")
    (site_folder.path / "acme_recent.py").touch()
    assert "acme:first" in trainers()
    assert not (site_folder.home / "cache").exists()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"format": 1}', b"\xff"])
def test_a_damaged_cache_is_made_anew(site_folder: SiteFolder, damage: bytes):
    site_folder.install_trainer("acme", "first", module="acme_damaged")
    read_index()
    (file,) = (site_folder.home / "cache").iterdir()
    file.write_bytes(damage)
    assert "acme:first" in trainers()
    assert json.loads(file.read_bytes())["format"] == 1


def test_a_row_of_another_shape_in_the_cache_is_made_anew(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_shape")
    read_index()
    (file,) = (site_folder.home / "cache").iterdir()
    content = json.loads(file.read_bytes())
    file.write_text(json.dumps(content | {"rows": [["only", "three", "values"]]}))
    assert "acme:first" in trainers()


def test_a_cache_that_cannot_be_written_is_no_error(site_folder: SiteFolder, monkeypatch: pytest.MonkeyPatch):
    file = site_folder.home / "file"
    file.touch()
    monkeypatch.setenv("MLKERNEL_CACHE", str(file / "cache"))
    site_folder.install_trainer("acme", "first", module="acme_unwritable")
    assert "acme:first" in trainers()


def test_the_cache_lies_where_the_user_keeps_caches(site_folder: SiteFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MLKERNEL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(site_folder.home / "caches"))
    site_folder.settle()
    read_index()
    assert len(list((site_folder.home / "caches" / "mlkernel").iterdir())) == 1


def test_the_current_folder_is_never_searched(site_folder: SiteFolder, monkeypatch: pytest.MonkeyPatch):
    site_folder.install_trainer("acme", "first", module="acme_current")
    assert "acme:first" in trainers()
    monkeypatch.chdir(site_folder.path)
    assert "acme:first" not in trainers()


def test_the_folder_of_the_started_script_is_never_searched(
    site_folder: SiteFolder, monkeypatch: pytest.MonkeyPatch
):
    site_folder.install_trainer("acme", "first", module="acme_script")
    script = site_folder.path / "script.py"
    script.touch()
    monkeypatch.setattr(sys, "argv", [str(script)])
    assert "acme:first" not in trainers()


def test_of_two_installations_of_one_distribution_the_importable_one_counts(
    site_folder: SiteFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    site_folder.install_trainer("Acme_Plugins", "old", module="acme_old")
    nearer = SiteFolder(tmp_path / "nearer", tmp_path)
    nearer.path.mkdir()
    monkeypatch.syspath_prepend(str(nearer.path))
    nearer.install_trainer("acme-plugins", "new", module="acme_new")
    assert {name for name in trainers() if name.lower().startswith("acme")} == {"acme-plugins:new"}


def test_remnants_of_an_uninstallation_are_passed_over(site_folder: SiteFolder):
    (site_folder.path / "torn-1.0.dist-info").mkdir()
    site_folder.install_trainer("acme", "first", module="acme_remnant")
    assert "acme:first" in trainers()


def test_entry_points_that_cannot_be_read_are_named(site_folder: SiteFolder):
    info = site_folder.install_trainer("torn", "second", module="acme_torn")
    (info / "entry_points.txt").write_text("[mlkernel.trainers]\nsecond\n")
    site_folder.install_trainer("acme", "first", module="acme_whole")
    with pytest.warns(UserWarning, match="of torn cannot be read"):
        assert "acme:first" in trainers()


def test_kinds_name_their_groups(site_folder: SiteFolder):
    source = """
        from mlkernel import Kind
        search_space = Kind(name="search_space", summary="What may be searched.")
        strategy = Kind(name="strategy", plural="strategies", summary="How to search.")
    """
    points = {name: f"acme_kinds:{name}" for name in ("search_space", "strategy")}
    site_folder.install("acme", {"acme_kinds": source}, {"mlkernel.kinds": points})
    groups = {row.name: row.group for row in read_index().kinds()}
    assert groups["search_space"] == "mlkernel.search_spaces"
    assert groups["strategy"] == "mlkernel.strategies"
    assert groups["trainer"] == TRAINERS
