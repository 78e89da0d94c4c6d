"""Projects: snapshots of pieces and scripts that run anywhere."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from core.tests.study.engine.studies import command, trials

from mlkernel.study.pieces.piece_folder import PieceFolder

SCRIPT = """
from pathlib import Path

import neighbour

def objective(config, reporter):
    table = Path("data/table.txt").read_text()
    reporter(loss=neighbour.square(config["x"]) + config.get("offset", 0) + len(table))
"""
SPACE = "x=uniform(low=-1,high=1,bins=3)"


@pytest.fixture
def scripts(folder):
    """A folder of scripts, of which one imports the other and reads a file."""
    place = folder.path / "scripts"
    (place / "data").mkdir(parents=True)
    (place / "train.py").write_text(SCRIPT)
    (place / "neighbour.py").write_text("def square(x):\n    return x * x\n")
    (place / "data" / "table.txt").write_text("four")
    return place


@pytest.fixture
def pieces(folder, scripts):
    folder.config("create", "model", "m", "--script", "train.py", "--model", "objective")
    folder.config("create", "space", "s", SPACE)
    folder.config("create", "study", "h", "--algorithm", "grid", "--metric", "loss")
    folder.config("create", "launcher", "g", "--site", "ANY")
    return ["--model_config", "m", "--search_space", "s", "--hpo_config", "h", "--grid_config", "g"]


@pytest.fixture
def project(folder, pieces):
    folder.config("create", "project", "p", "--scripts_path", "scripts", *pieces, "--no-import")
    return folder.path / "pieces" / "project" / "p"


def values(cwd, name="p"):
    return [trial.values[0] for trial in trials(cwd, name)]


def test_a_project_runs_on_another_machine_with_nothing_else(folder, project, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.move(project, elsewhere / "copied")
    shutil.rmtree(folder.path)
    assert str(folder.path) not in (elsewhere / "copied" / "project.yaml").read_text()
    done = command("search", "copied", cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    assert values(elsewhere) == [5.0, 4.0, 5.0]


def test_a_project_is_named_and_options_lie_over_it(folder, project):
    done = command(
        "search", "--project", "p", "--space", "x=[3]", "set={offset: 1}", "--name", "other", cwd=folder.path
    )
    assert done.returncode == 0, done.stderr
    assert values(folder.path, "other") == [14.0]


def test_a_study_goes_on_as_it_was_begun_whatever_becomes_of_the_project(folder, project, scripts):
    done = command("search", "--project", "p", "--trials", "1", cwd=folder.path)
    assert done.returncode == 0, done.stderr
    (scripts / "train.py").write_text("def objective(config):\n    return 100.0\n")
    folder.config("update", "project", "p", "--scripts_path", "scripts", "--no-import")
    folder.config("remove", "model", "m")
    assert command("study", "extend", "p", "--trials", "3", cwd=folder.path).returncode == 0
    done = command("study", "resume", "p", cwd=folder.path)
    assert done.returncode == 0, done.stderr
    assert values(folder.path) == [5.0, 4.0, 5.0]
    done = command("search", "--project", "p", "--name", "anew", cwd=folder.path)
    assert values(folder.path, "anew") == [100.0] * 3


def test_what_is_wrong_begins_no_study(folder, project):
    folder.refused("--project", "p", "--algorithm", "cma-es", command="search")
    assert not (folder.path / "studies" / "p").exists()


def test_other_versions_than_those_it_was_made_with_are_noted(folder, project):
    file = project / "project.yaml"
    file.write_text(re.sub(r"mlkernel-search: .*", "mlkernel-search: 0.0.9", file.read_text()))
    said = folder.refused("--project", "p", "--algorithm", "cma-es", command="search")
    assert "note: the project was made with mlkernel-search 0.0.9, and " in said


def test_a_change_of_a_piece_does_not_change_the_project(folder, project):
    before = (project / "project.yaml").read_text()
    folder.config("update", "study", "h", "--metric", "accuracy", "--mode", "max")
    assert (project / "project.yaml").read_text() == before


def test_create_refuses_and_recreate_keeps_a_backup(folder, project, pieces):
    assert "already" in folder.refused("create", "project", "p", *pieces)
    (project / "scripts" / "mark").touch()
    folder.config("recreate", "project", "p", "--scripts_path", "scripts", *pieces, "trials=2")
    assert not (project / "scripts" / "mark").exists()
    (backup,) = (folder.path / "pieces" / "backup" / "project").iterdir()
    assert backup.name.startswith("p_")
    assert (backup / "scripts" / "mark").exists()


def test_update_takes_over_what_is_given_anew_and_keeps_the_rest(folder, project):
    folder.config("create", "study", "other", "--trials", "2", "--algorithm", "random")
    folder.config(
        "create", "model", "offset", "--script", "train.py", "--model", "objective", "--set", "offset=7"
    )
    folder.config("update", "project", "p", "--hpo_config", "other", "jobs=2")
    study = json.loads(folder.config("show", "project", "p", "--json"))
    assert (study["trials"], study["jobs"], study["algorithm"]) == (2, 2, {"use": "random"})
    assert study["trainer"] == "scripts/train.py:objective"
    assert list(study["space"]) == ["x"]
    folder.config("update", "project", "p", "--model", "offset")
    study = json.loads(folder.config("show", "project", "p", "--json"))
    assert (study["trials"], study["set"], study["directory"]) == (2, {"offset": 7}, "scripts")
    assert "study other" in folder.config("show", "project", "p")
    assert "no project 'q'" in folder.refused("update", "project", "q", "jobs=2")


def test_projects_are_removed_whole(folder, project):
    folder.config("remove", "project", "*")
    assert list((folder.path / "pieces" / "project").iterdir()) == []


def test_pieces_may_be_files(folder, scripts):
    (folder.path / "hpo.json").write_text(json.dumps({"metric": "loss", "mode": "min", "num_trials": 2}))
    (folder.path / "model.json").write_text(
        json.dumps({"script": "train.py", "model": "objective", "param": {}})
    )
    (folder.path / "space.json").write_text(
        json.dumps({"x": {"method": "uniform", "dimension": {"low": 0, "high": 1}}})
    )
    words = ["-m", "model.json", "-s", "space.json", "-o", "hpo.json", "-p", "scripts"]
    folder.config("create", "project", "p", *words)
    assert json.loads(folder.config("show", "project", "p", "--json"))["trials"] == 2


def test_configuration_files_come_along(folder, scripts, pieces):
    for place in ("a", "b"):
        (folder.path / place).mkdir()
        (folder.path / place / "c.json").write_text(json.dumps({"offset": 10 if place == "a" else 20}))
    folder.config("update", "model", "m", "configurations=[a/c.json, b/c.json]")
    folder.config("create", "project", "p", "-p", "scripts", *pieces)
    shutil.rmtree(folder.path / "a")
    shutil.rmtree(folder.path / "b")
    done = command("search", "--project", "p", "--space", "x=[0]", cwd=folder.path)
    assert done.returncode == 0, done.stderr
    assert sorted(values(folder.path)) == [14.0, 24.0]


def test_one_script_is_enough_where_it_needs_no_other(folder, pieces):
    (folder.path / "alone.py").write_text("def f(config):\n    return config['x']\n")
    folder.config("create", "model", "alone", "--trainer", "alone.py:f")
    folder.config("create", "project", "p", *pieces, "--model", "alone")
    assert [file for file in folder.files() if "scripts" in file] == ["project/p/scripts/alone.py"]


@pytest.mark.parametrize(
    ("change", "words", "said"),
    [
        (None, ["--scripts_path", "nowhere"], "the scripts nowhere do not exist"),
        (None, [], "the script train.py is not in"),
        (lambda scripts: (scripts / "train.py").unlink(), ["-p", "scripts"], "the script train.py is not in"),
        (lambda scripts: (scripts / "neighbour.py").unlink(), ["-p", "scripts"], "neighbour"),
        (lambda scripts: (scripts / "x").symlink_to("gone"), ["-p", "scripts"], "leads nowhere"),
        (lambda scripts: (scripts / "x").symlink_to(scripts), ["-p", "scripts"], "leads around"),
        (None, ["-p", "scripts", "directory=/data"], "leads out of the project"),
        (None, ["-p", "scripts", "config=[gone.toml]"], "gone.toml does not exist"),
        (None, ["-p", "scripts", "scheduler=asha"], "max_step"),
        (None, ["-p", "scripts", "trails=3"], "did you mean trials?"),
        (None, ["-p", "scripts", "--search_space", "t"], "known: s."),
    ],
)
def test_what_is_wrong_is_said_and_leaves_no_project(folder, pieces, scripts, change, words, said):
    if change is not None:
        change(scripts)
    assert said.lower() in folder.refused("create", "project", "p", *pieces, *words).lower()
    assert [path.name for path in (folder.path / "pieces" / "project").iterdir()] == []


def test_what_cannot_be_imported_here_can_be_taken_along_unseen(folder, pieces, scripts):
    (scripts / "train.py").write_text("import a_library_of_another_machine\n")
    said = folder.refused("create", "project", "p", *pieces, "-p", "scripts")
    assert "pieces/project/p/scripts/train.py:1" in said
    assert "--no-import" in said
    folder.config("create", "project", "p", *pieces, "-p", "scripts", "--no-import")


def test_the_folder_of_everything_may_be_the_scripts(folder, pieces, scripts):
    for file in ("train.py", "neighbour.py", "data"):
        shutil.move(scripts / file, folder.path / file)
    run = folder.path / "studies" / "old"
    run.mkdir(parents=True)
    (run / "study.sqlite").touch()
    (folder.path / ".env").write_text("KEY=secret")
    folder.config("create", "project", "p", *pieces, "-p", ".")
    kept = [file for file in folder.files() if file.startswith("project/")]
    assert kept == [
        "project/p/project.yaml",
        "project/p/scripts/data/table.txt",
        "project/p/scripts/neighbour.py",
        "project/p/scripts/train.py",
    ]


def test_pieces_in_a_study_file_and_on_the_command_line(folder, pieces, scripts):
    (folder.path / "study.toml").write_text(
        'name = "file"\ntrials = 2\npieces = { model = "m", space = "s", study = "h", launcher = "g" }\n'
    )
    folder.config("update", "model", "m", "--trainer", "scripts/train.py:objective", "directory=scripts")
    done = command("search", "study.toml", cwd=folder.path)
    assert done.returncode == 0, done.stderr
    assert values(folder.path, "file") == [5.0, 4.0]
    words = ["--piece", "model=m", "--piece", "search_space=s", "--piece", "study=h", "--trials", "1"]
    done = command("search", *words, "--name", "line", cwd=folder.path)
    assert done.returncode == 0, done.stderr
    assert values(folder.path, "line") == [5.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('pieces = { modle = "m" }', "study.pieces.modle: unknown key; did you mean model?  (study.toml:1)"),
        ('trials = 2\npieces = "m"', "study.pieces: a table of kinds and names expected  (study.toml:2)"),
        ("[pieces]\nmodel = 3", "study.pieces.model: the name of a piece expected, not 3  (study.toml:2)"),
        ('pieces = { model = "n" }', "no model 'n' in pieces"),
    ],
)
def test_what_is_wrong_with_the_pieces_of_a_study_file_is_said(folder, pieces, text, said):
    (folder.path / "study.toml").write_text(text)
    assert said in folder.refused("study.toml", command="search")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--piece", "model"], "names no piece"),
        (["--piece", "modle=m"], "Did you mean model?"),
        (["--piece", "project=p"], "Write --project p."),
        (["--piece", "model=m", "--piece", "model_config=n"], "two pieces of the kind model"),
        (["--project", "p", "--piece", "model=m"], "kernel config update project p"),
        (["--project", "p", "study.toml"], "2 studies were named"),
        (["--project", "q"], "Known: p."),
        (["pieces"], "pieces is no project"),
    ],
)
def test_what_is_wrong_with_the_options_of_a_search_is_said(folder, project, words, said):
    assert said in folder.refused(*words, command="search")


def test_a_file_that_is_no_project_is_refused(folder, project):
    (project / "project.yaml").write_text("study: {}\n")
    assert "is no project" in folder.refused("--project", "p", command="search")
    (project / "project.yaml").write_text("study: [\n")
    assert "project.yaml:" in folder.refused("--project", "p", command="search")


@pytest.mark.parametrize("name", ["..", "a/b", ".hidden", ""])
def test_a_study_cannot_be_called_what_leads_out_of_its_folder(folder, project, name):
    # A study called ".." would have its copy of the project in this folder.
    kept = folder.path / "project" / "kept.txt"
    for place in (kept.parent, folder.path / "studies"):
        place.mkdir()
    kept.write_text("mine")
    said = folder.refused("--project", "p", "--name", name, command="search")
    assert f"{name!r} cannot be the name of a study" in said
    assert kept.read_text() == "mine"
    assert list((folder.path / "studies").iterdir()) == []


def test_a_project_is_copied_as_one_while_others_change_it(folder, project):
    pieces = PieceFolder(folder.path / "pieces")
    words = [sys.executable, "-m", "mlkernel", "search", "--project", "p", "--trials", "1"]
    with pieces.changing("project"):
        search = subprocess.Popen(words, cwd=folder.path)
        with pytest.raises(subprocess.TimeoutExpired):
            search.wait(2)
        assert not (folder.path / "studies" / "p" / "project").exists()
    assert search.wait(120) == 0
    assert values(folder.path) == [5.0]
