import errno

import pytest

from mlkernel.errors import StorageError
from mlkernel.records.artifacts import writing_artifact
from mlkernel.records.atomic_file import write_text


def test_a_file_is_replaced_at_once_and_nothing_else_stays(tmp_path):
    path = tmp_path / "plan.json"
    write_text(path, "old")
    write_text(path, "new")
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("plan.json", "new")]


@pytest.mark.parametrize("place", ["file/plan.json", f"{'long' * 100}.json"])
def test_a_place_where_nothing_can_be_written_is_named(tmp_path, place):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"cannot write .*(Not a directory|File name too long)"):
        write_text(tmp_path / place, "text")


def test_a_refusal_to_read_something_else_is_no_storage_error(tmp_path):
    refused = PermissionError(errno.EACCES, "Permission denied", "/data/secret.csv")
    with pytest.raises(PermissionError, match=r"secret\.csv"), writing_artifact(tmp_path, "curve.png"):
        raise refused
    assert not list(tmp_path.iterdir())
