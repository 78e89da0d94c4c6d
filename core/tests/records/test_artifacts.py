"""Artifacts are complete or not there."""

from mlkernel.records.artifacts import kept_artifacts, writing_artifact


def test_what_is_being_written_is_not_kept_yet(tmp_path):
    with writing_artifact(tmp_path, "first/model.pt") as path:
        path.write_text("whole")
    with writing_artifact(tmp_path, "first/curve.tar.gz") as path:
        path.write_text("half")
        assert kept_artifacts(tmp_path) == [tmp_path / "first" / "model.pt"]
    assert kept_artifacts(tmp_path) == [tmp_path / "first" / "curve.tar.gz", tmp_path / "first" / "model.pt"]
