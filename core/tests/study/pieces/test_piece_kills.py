"""Whoever writes pieces may be killed at any moment: each is there as it was before or after, never in between."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlkernel.study.pieces.piece_folder import PieceFolder

WRITER = """
import sys
from itertools import count
from pathlib import Path
from mlkernel.cli.main import main

for number in count(int(sys.argv[1])):
    for file in ("a.py", "b.txt"):
        Path("scripts", file).write_text(str(number))
    main(["config", "recreate", "study", "s", "--trials", str(number), "--metric", "m" * 2000])
    main(["config", "update", "space", "s", f"x=uniform(0,{number})"])
    main(["config", "recreate", "project", "p", "-p", "scripts", "-m", "m", "-s", "s", "-o", "s", "--no-import"])
    main(["config", "update", "project", "p", f"jobs={number}", "--no-import"])
    print(number, flush=True)
"""


def shown(folder, kind, name):
    return json.loads(folder.config("show", kind, name, "--json"))


def kill_a_writer(folder, number, moment):
    """Let a writer work, from *number* on, until *moment* seconds after its first round; return how far it came."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(number)],
        cwd=folder.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as writer:
        assert writer.stdout.readline() == f"{number}\n"
        time.sleep(moment)
        writer.send_signal(signal.SIGKILL)
        rounds = writer.stdout.read().split()
    return int(rounds[-1]) if rounds else number


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_no_piece_is_ever_half_written(folder, seed):
    (folder.path / "scripts").mkdir()
    folder.config("create", "model", "m", "--trainer", "a.py:f")
    folder.config("create", "space", "s", "x=uniform(0,1)")
    rng = random.Random(seed)
    number = 1
    for _ in range(3 if seed == 0 else 40):
        done = kill_a_writer(folder, number, rng.uniform(0, 0.4))
        expected = {done, done + 1}
        assert shown(folder, "study", "s")["trials"] in expected
        assert shown(folder, "space", "s")["space"]["x"]["high"] in expected
        project = shown(folder, "project", "p")
        scripts = folder.path / "pieces" / "project" / "p" / "scripts"
        assert project["trials"] in expected
        assert {int((scripts / file).read_text()) for file in ("a.py", "b.txt")} == {project["trials"]}
        assert project["jobs"] in (1, project["trials"])
        number = done + 1


def test_what_a_dead_writer_left_goes_away_and_a_complete_project_takes_its_place(folder):
    (folder.path / "scripts").mkdir()
    (folder.path / "scripts" / "a.py").touch()
    folder.config("create", "model", "m", "--trainer", "a.py:f")
    folder.config("create", "space", "s", "x=uniform(0,1)")
    words = ["project", "p", "-p", "scripts", "-m", "m", "-s", "s", "trials=2", "--no-import"]
    folder.config("create", *words)
    projects = folder.path / "pieces" / "project"
    (projects / "p").rename(
        projects / ".p.next"
    )  # where the former had moved to backup, and the process died
    (projects / ".q.partial").mkdir()
    (folder.path / "pieces" / "space" / ".s.yaml.123").touch()
    (folder.path / "pieces" / "space" / ".gitignore").touch()  # the user's own
    assert "pieces/project/p" in folder.config("list", "project")
    assert shown(folder, "project", "p")["trials"] == 2
    folder.config("update", "project", "p", "trials=3", "--no-import")
    folder.config("update", "space", "s", "x=uniform(0,2)")
    assert sorted(path.name for path in projects.iterdir()) == ["p"]
    assert sorted(path.name for path in (folder.path / "pieces" / "space").iterdir()) == [
        ".gitignore",
        "s.yaml",
    ]


def test_two_writers_lose_nothing(folder):
    folder.config("create", "model", "m", "--trainer", "a.py:f")
    code = (
        "import sys\nfrom mlkernel.cli.main import main\n"
        "for n in range(10): assert main(['config', 'update', 'model', 'm', '--set', f'{sys.argv[1]}{n}=1']) == 0\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, name], cwd=folder.path) for name in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert len(shown(folder, "model", "m")["set"]) == 20


class LookedAt(type(Path())):
    """A path after each renaming of which somebody looks for the project ``p``."""

    def rename(self, target):
        moved = super().rename(target)
        PieceFolder(Path(str(target)[: str(target).index("pieces")]) / "pieces").find("project", "p")
        return moved


def test_who_looks_while_a_project_is_made_takes_nothing_away(tmp_path):
    made = PieceFolder(LookedAt(tmp_path / "pieces"))
    for content in ("first", "second"):
        with made.changing("project"), made.staged_project("p") as staged:
            (staged / "project.yaml").write_text(content)
        assert (tmp_path / "pieces" / "project" / "p" / "project.yaml").read_text() == content
    (tmp_path / "pieces" / "backup" / "project" / "p_b_20260101-000000").mkdir()  # of a project ``p_b``
    [backup] = made.backups(made.find("project", "p"))
    assert (backup / "project.yaml").read_text() == "first"
