"""Passwords in a URL are used and never shown."""

from __future__ import annotations

import traceback
from contextlib import closing
from pathlib import Path

import pytest

from mlkernel.errors import StorageError, UsageError
from mlkernel.study.store.opening import open_store
from mlkernel.study.store.store_url import without_password
from mlkernel.study.study_directory import StudyDirectory

from . import postgres_server

SECRETS = [postgres_server.PASSWORD, postgres_server.WRITTEN_PASSWORD]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql://me:secret@host:5432/db", "postgresql://me@host:5432/db"),
        ("postgresql://me:se@cr:et@host/db?sslmode=require", "postgresql://me@host/db?sslmode=require"),
        (
            "postgresql://host/db?user=me&password=secret&sslmode=require",
            "postgresql://host/db?user=me&sslmode=require",
        ),
        ("postgresql:///db?host=/run&sslpassword=secret", "postgresql:///db?host=/run"),
        ("postgres://host/db", "postgres://host/db"),
        ("studies/a:b@c/study.sqlite", "studies/a:b@c/study.sqlite"),
    ],
)
def test_a_url_is_shown_without_its_password(given: str, shown: str) -> None:
    assert without_password(given) == shown


def test_no_error_holds_the_password(new_database) -> None:
    url = new_database()
    store = open_store(url)
    for operation in (lambda: store.study("x"), lambda: store.create("a" * 10_000_000, {})):
        with pytest.raises(UsageError) as caught:
            operation()
        require_no_secret(caught.value)
    with pytest.raises(StorageError) as caught:
        open_store(url + "_not_there")
    require_no_secret(caught.value)
    with pytest.raises(StorageError) as caught:
        open_store(url.replace("?host", "?nonsense=1&host"))
    require_no_secret(caught.value)
    store.close()


def test_a_wrong_password_is_not_shown(postgres_folder: Path) -> None:
    wrong = postgres_server.url(postgres_folder).replace(postgres_server.WRITTEN_PASSWORD, "almost-right")
    with pytest.raises(StorageError, match="password authentication failed") as caught:
        open_store(wrong)
    assert "almost-right" not in "".join(traceback.format_exception(caught.value))


def test_a_study_folder_notes_its_database_without_the_password(new_database, tmp_path: Path) -> None:
    directory = StudyDirectory(tmp_path / "study")
    store = directory.create(new_database())
    store.create("study", {})
    assert not any(secret in store.name for secret in SECRETS)
    store.close()
    for path in directory.path.rglob("*"):
        assert not any(secret.encode() in path.read_bytes() for secret in SECRETS)


def test_the_password_of_a_noted_database_comes_from_the_environment(
    new_database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = StudyDirectory(tmp_path / "study")
    with closing(directory.create(new_database())) as store:
        store.create("study", {})
    with pytest.raises(StorageError, match="PGPASSWORD"):
        directory.open()
    monkeypatch.setenv("PGPASSWORD", postgres_server.PASSWORD)
    with closing(directory.open()) as store:
        assert [study.name for study in store.studies()] == ["study"]


def require_no_secret(error: BaseException) -> None:
    text = "".join(traceback.format_exception(error))
    assert not any(secret in text for secret in SECRETS)
