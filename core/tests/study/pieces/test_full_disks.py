"""Where there is no room, nothing is begun and nothing is lost."""

import resource
import subprocess
import sys

import pytest

SMALL = 6_000
"""Bytes that a file may have."""


def kernel(cwd, *words, room=None):
    def limit():
        if room is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    return subprocess.run(
        [sys.executable, "-m", "mlkernel", *words],
        cwd=cwd,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def project(folder):
    (folder.path / "scripts").mkdir()
    (folder.path / "scripts" / "f.py").write_text("def f(config):\n    return config['x']\n")
    (folder.path / "scripts" / "table").write_text("0" * 2 * SMALL)
    folder.config("create", "model", "m", "--trainer", "f.py:f")
    folder.config("create", "space", "s", "x=uniform(0,1)")
    words = ["-p", "scripts", "-m", "m", "-s", "s", "trials=2", "--no-import"]
    folder.config("create", "project", "p", *words)
    return folder.path / "pieces" / "project" / "p"


def test_a_project_that_has_no_room_stays_as_it_was(folder, project):
    before = (project / "project.yaml").read_text()
    done = kernel(folder.path, "config", "update", "project", "p", "trials=3", "--no-import", room=SMALL)
    assert (done.returncode, "no room left" in done.stderr) == (2, True), done.stderr
    assert (project / "project.yaml").read_text() == before
    assert [path.name for path in project.parent.iterdir()] == ["p"]


def test_a_piece_that_has_no_room_stays_as_it_was(folder, project):
    before = folder.files()
    words = ["config", "update", "model", "m", "--set", f"text={'x' * 2 * SMALL}"]
    done = kernel(folder.path, *words, room=SMALL)
    assert (done.returncode, "no room left" in done.stderr) == (2, True), done.stderr
    assert folder.files() == before
    assert folder.text("model/m.yaml") == "trainer: f.py:f\n"


def test_a_study_for_whose_project_there_is_no_room_is_not_begun(folder, project):
    done = kernel(folder.path, "search", "--project", "p", room=SMALL)
    assert (done.returncode, "no room left" in done.stderr) == (2, True), done.stderr
    assert not (folder.path / "studies" / "p").exists()
