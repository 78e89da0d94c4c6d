"""Studies in folders: where their files are, and how they are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlkernel.errors import StorageError, UnknownNameError, UsageError
from mlkernel.study.study_directory import StudyDirectory, find_study, list_studies, studies_root


def make(root: Path, *names: str) -> None:
    for name in names:
        StudyDirectory(root / name).create().close()


def test_a_study_is_created_and_opened_again(tmp_path: Path) -> None:
    directory = StudyDirectory(tmp_path / "deep" / "lr-search")
    store = directory.create()
    store.create(directory.name, {"trials": 3})
    store.close()
    assert directory.open().study("lr-search").configuration == {"trials": 3}
    assert directory.run(12, 0) == tmp_path / "deep/lr-search/runs/000012-0"


def test_a_study_that_was_never_created_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        StudyDirectory(tmp_path / "x").open()
    assert not (tmp_path / "x").exists()


def test_a_damaged_note_is_said(tmp_path: Path) -> None:
    directory = StudyDirectory(tmp_path)
    directory.store_note.write_text("{")
    with pytest.raises(UsageError, match=r"study\.json is damaged"):
        directory.open()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        StudyDirectory(tmp_path / "file" / "study").create()


def test_studies_are_listed_and_other_folders_are_not(tmp_path: Path) -> None:
    make(tmp_path, "b", "a")
    (tmp_path / "c").mkdir()
    assert [directory.name for directory in list_studies(tmp_path)] == ["a", "b"]
    assert list_studies(tmp_path / "nowhere") == []


def test_a_study_is_found_by_its_name_its_beginning_or_its_path(tmp_path: Path) -> None:
    make(tmp_path, "resnet", "resnet-large", "ppo")
    for text in ("ppo", "pp", str(tmp_path / "ppo")):
        assert find_study(text, tmp_path).name == "ppo"
    assert find_study("resnet", tmp_path).name == "resnet"
    with pytest.raises(UnknownNameError, match=r"2 studies in .* begin with 'res'"):
        find_study("res", tmp_path)
    with pytest.raises(UnknownNameError, match="Did you mean ppo"):
        find_study("pqo", tmp_path)


def test_the_root_is_chosen_or_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLKERNEL_STUDIES", raising=False)
    assert studies_root() == Path("studies")
    monkeypatch.setenv("MLKERNEL_STUDIES", "/elsewhere")
    assert studies_root() == Path("/elsewhere")
    assert studies_root(Path("here")) == Path("here")
