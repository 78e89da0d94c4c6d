import json
import os
import socket
import time

import attrs
import pytest
from core.tests.study.made_results import made_results
from core.tests.study.stored_study import store_study

from mlkernel.cli.main import main
from mlkernel.study.engine.driver_lock import DriverLock
from mlkernel.study.store.records import DriverRecord
from mlkernel.study.study_directory import StudyDirectory


@pytest.fixture
def studies(tmp_path, monkeypatch):
    """A study with one objective and one with two."""
    root = tmp_path / "studies"
    monkeypatch.setenv("MLKERNEL_STUDIES", str(root))
    store_study(made_results(40, name="single", steps=3), root)
    store_study(made_results(30, name="double", steps=3, objectives=2), root)
    return root


def told(capsys, *words):
    assert main(["study", *words]) == 0
    return capsys.readouterr().out


def test_list_has_a_row_for_each_study(studies, capsys):
    rows = [line.split() for line in told(capsys, "list").splitlines()]
    assert [row[:5] for row in rows[1:]] == [
        ["double", "finished", "30/30", "0", "3"],
        ["single", "finished", "40/40", "0", "4"],
    ]
    assert rows[2][5:7] == ["loss", f"{made_results(40, steps=3).best(1)[0].values[0]:.4g}"]
    assert [study["name"] for study in json.loads(told(capsys, "list", "--json"))] == ["double", "single"]


def test_a_damaged_study_does_not_hide_the_others(studies, capsys):
    broken = studies / "broken"
    broken.mkdir()
    (broken / "study.sqlite").write_text("no database, but long enough to be read as one" * 40)
    assert main(["study", "list"]) == 0
    printed = capsys.readouterr()
    assert "broken" in printed.err
    assert "single" in printed.out


def test_best_are_those_that_had_the_whole_effort(studies, capsys):
    expected = [trial.number for trial in made_results(40, steps=3).best(4)]
    found = json.loads(told(capsys, "best", "single", "-n", "4", "--json"))
    assert [trial["trial"] for trial in found] == expected
    assert len(found[0]["runs"]) == 3
    table = told(capsys, "best", "single", "-n", "4").splitlines()
    assert [int(line.split()[0]) for line in table[1:]] == expected


def test_of_two_objectives_the_front_is_best(studies, capsys):
    results = made_results(30, steps=3, objectives=2)
    front = [trial.number for trial in results.pareto_front]
    found = json.loads(told(capsys, "best", "double", "-n", "50", "--json"))
    assert [trial["trial"] for trial in found] == front
    by_accuracy = json.loads(told(capsys, "best", "double", "--metric", "accuracy", "--json"))
    assert [trial["trial"] for trial in by_accuracy] == [trial.number for trial in results.best(10, 1)]


def test_show_tells_counts_best_and_failures(studies, capsys):
    text = told(capsys, "show", "single")
    assert "40 of 40" in text
    assert "28 finished" in text
    assert "loss (min)" in text
    assert "trial 37" in text
    facts = json.loads(told(capsys, "show", "single", "--json"))
    assert facts["counts"] == {"finished": 28, "stopped": 8, "failed": 4}
    assert len(facts["best"]) == 5


@pytest.mark.parametrize(("objectives", "heading"), [(2, "Pareto front ({} points)"), (4, "Pareto front")])
def test_show_begins_the_front(studies, capsys, objectives, heading):
    results = made_results(30, name="several", steps=3)
    metrics = [{"metric": f"m{place}", "mode": ["min", "max"][place % 2]} for place in range(objectives)]
    study = attrs.evolve(results.study, configuration={**results.study.configuration, "objectives": metrics})
    trials = [
        attrs.evolve(
            trial,
            values=trial.values and tuple((trial.number * 7) % (3 + k) for k in range(objectives)),
            runs=(),
        )
        for trial in results.trials
    ]
    several = attrs.evolve(results, study=study, trials=trials, reports={})
    store_study(several, studies)
    front = several.pareto_front
    assert heading.format(len(front)) in told(capsys, "show", "several").splitlines()
    facts = json.loads(told(capsys, "show", "several", "--json"))
    assert [trial["trial"] for trial in facts["best"]] == [trial.number for trial in front[:5]]


def test_show_tells_of_one_trial(studies, capsys):
    text = told(capsys, "show", "single", "--trial", "7")
    assert "runs/000007-2" in text
    assert "ValueError: <no> luck & no hope" in text


def test_compare_takes_the_best_unless_told(studies, capsys):
    best = [trial.number for trial in made_results(40, steps=3).best(5)]
    found = json.loads(told(capsys, "compare", "single", "--json"))
    assert [(row["one"], row["other"]) for row in found] == [(best[0], other) for other in best[1:]]
    assert all(row["pairs"] == 3 and row["adjusted"] >= row["p_value"] for row in found)
    assert all(row["difference"] < 0 for row in found)


def test_compare_pairs_whom_it_is_told(studies, capsys):
    found = json.loads(told(capsys, "compare", "single", "0", "4", "9", "--all-pairs", "--json"))
    assert [(row["one"], row["other"]) for row in found] == [(0, 4), (0, 9), (4, 9)]


def test_compare_says_why_there_is_no_test(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MLKERNEL_STUDIES", str(tmp_path))
    results = made_results(3, name="even")
    even = [
        attrs.evolve(
            trial, runs=[attrs.evolve(run, values=(trial.number + 0.1 * run.seed,)) for run in trial.runs]
        )
        for trial in results.trials
    ]
    store_study(attrs.evolve(results, trials=even), tmp_path)
    *rows, reason = told(capsys, "compare", "even", "0", "1", "2").splitlines()
    assert [row.split()[-4:] for row in rows[1:]] == [["-1", "-", "-", "-"], ["-2", "-", "-", "-"]]
    assert reason.startswith("no interval and no t test where a difference is the same with every seed")
    *rows, reason = told(capsys, "compare", "even", "0", "1", "2", "--test", "wilcoxon").splitlines()
    assert rows[1].split()[-1] != "-"
    assert reason.startswith("no interval where a difference is the same")


@pytest.mark.parametrize(("form", "beginning"), [("html", "<!DOCTYPE html>"), ("md", "# single")])
def test_report_is_written_where_it_is_told(studies, tmp_path, capsys, form, beginning):
    path = tmp_path / "elsewhere" / f"it.{form}"
    assert told(capsys, "report", "single", "-o", str(path)).strip() == str(path)
    assert path.read_text().startswith(beginning)


def test_report_lies_in_the_study_by_default(studies, capsys):
    told(capsys, "report", "single", "--format", "markdown")
    assert (studies / "single" / "report" / "single.md").is_file()


def test_delete_needs_a_yes(studies, capsys):
    assert "nothing was deleted" in told(capsys, "delete", "single")
    assert (studies / "single").is_dir()
    assert "deleting" in told(capsys, "delete", "single", "--yes")
    assert not (studies / "single").exists()
    assert (studies / "double").is_dir()


def test_a_study_that_is_driven_is_never_deleted(studies, capsys):
    store = StudyDirectory(studies / "single").open()
    store.beat(
        "single",
        DriverRecord(name="me", host=socket.gethostname(), pid=os.getpid(), heartbeat=time.time()),
    )
    store.close()
    assert main(["study", "delete", "double", "single", "--yes"]) == 2
    assert f"is driven by process {os.getpid()}" in capsys.readouterr().err
    assert (studies / "double").is_dir()


def test_a_driver_that_is_gone_is_not_said_to_drive(studies, capsys):
    directory = StudyDirectory(studies / "single")
    store = directory.open()
    # The number of a process that lives: it was used again, and the lock tells.
    driver = DriverRecord(name="me", host=socket.gethostname(), pid=os.getpid(), heartbeat=time.time())
    store.beat("single", driver)
    store.set_state("single", "running")
    with DriverLock(directory.path, "me"):
        assert told(capsys, "list").splitlines()[2].split()[1] == "running"
        assert f"process {os.getpid()} (heartbeat" in told(capsys, "show", "single")
    gone = f"driven by  nobody (process {os.getpid()} is gone); kernel study resume single goes on with it"
    assert told(capsys, "list").splitlines()[2].split()[1] == "lost"
    shown = [" ".join(line.split()) for line in told(capsys, "show", "single").splitlines()]
    assert " ".join(gone.split()) in shown
    assert "state lost" in shown
    assert " ".join(told(capsys, "stop", "single").split()) == " ".join(gone.split())
    assert store.study("single").state == "stopped"
    assert told(capsys, "list").splitlines()[2].split()[1] == "stopped"
    extended = told(capsys, "extend", "single", "--jobs", "7").splitlines()
    assert extended[1:] == [" ".join(gone.split())]
    assert "would delete" in told(capsys, "delete", "single")
    store.set_state("single", "finished")
    assert told(capsys, "stop", "single") == "nobody drives single: finished\n"
    assert store.study("single").state == "finished"
    assert "driven by nobody" in [
        " ".join(line.split()) for line in told(capsys, "show", "single").splitlines()
    ]
    store.close()


def test_a_driver_of_another_machine_is_asked_to_stop(studies, capsys):
    store = StudyDirectory(studies / "single").open()
    store.beat("single", DriverRecord(name="far", host="elsewhere", pid=1, heartbeat=time.time()))
    assert told(capsys, "stop", "single") == "single: finished\n"
    store.set_state("single", "running")
    store.close()
    assert told(capsys, "stop", "single") == "asked process 1 on elsewhere to stop\n"


def test_what_was_exported_is_the_same_study_when_imported(studies, tmp_path, capsys):
    path = tmp_path / "copy.json"
    assert told(capsys, "export", "double", str(path)).strip() == str(path)
    assert told(capsys, "import", str(path)).strip() == str(studies / "copy")
    known, copied = (json.loads(told(capsys, "best", name, "--json")) for name in ("double", "copy"))
    assert copied == known
    assert json.loads(told(capsys, "show", "copy", "--json"))["counts"] == {
        "finished": 21,
        "stopped": 6,
        "failed": 3,
    }


def test_an_import_that_fails_leaves_nothing(studies, tmp_path, capsys):
    path = tmp_path / "bad.json"
    path.write_text("{}")
    assert main(["study", "import", str(path)]) == 2
    assert not (studies / "bad").exists()
    assert main(["study", "import", str(path), "--name", "single"]) == 2
    assert "--name" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_exports_replace_nothing(studies, tmp_path, capsys, ending):
    path = tmp_path / f"table.{ending}"
    told(capsys, "export", "single", str(path))
    before = path.read_bytes()
    assert main(["study", "export", "double", str(path)]) == 2
    assert path.read_bytes() == before


def test_reports_replace_nothing_but_those_of_the_study_s_folder(studies, tmp_path, capsys):
    path = tmp_path / "notes.md"
    path.write_text("mine")
    assert main(["study", "report", "single", "-o", str(path)]) == 2
    assert f"{path} exists already" in capsys.readouterr().err
    assert path.read_text() == "mine"
    own = studies / "single" / "report" / "single.md"
    own.parent.mkdir()
    own.write_text("older")
    told(capsys, "report", "single", "--format", "markdown")
    assert own.read_text().startswith("# single")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "singel"], "Did you mean single"),
        (["show", "single", "--trial", "99"], "99"),
        (["best", "single", "--metric", "acc"], "Its objectives are loss"),
        (["best", "single", "-n", "0"], "a number from 1"),
        (["compare", "single", "3"], "Name two or more"),
        (["compare", "single", "7", "3"], "trial 7 has no results"),
        (["report", "single", "-o", "report.docx"], "--format"),
        (["export", "single", "table.xls"], "--format"),
        (["delete", "singel", "--yes"], "no study"),
        (["extend", "single", "--space", "x uniform(0,1)"], "names no file, and as a parameter lacks a ="),
        (["extend", "single", "--space", "=3"], "'=3' has no name before its ="),
        (["extend", "single", "--space", "lr=uniform(0,1"], "does not end with the bracket that it opens"),
        (["extend", "single", "--space", "lrr=uniform(0,1)"], "no parameter of the study"),
    ],
)
def test_wrong_input_is_explained(studies, capsys, words, message):
    assert main(["study", *words]) == 2
    assert message in capsys.readouterr().err


def test_a_study_is_not_extended_to_fewer_trials_than_it_has(studies, capsys):
    assert main(["study", "extend", "single", "--trials", "39", "seeds=9"]) == 2
    said = capsys.readouterr().err
    assert (
        "study.trials: there are 40 trials already, more than 39; kernel study stop single ends the study"
        in said
    )
    assert "study.seeds: cannot change" in said
    assert "trials: 40 -> 41" in told(capsys, "extend", "single", "--trials", "41")
    assert "trials: 41 -> 40" in told(capsys, "extend", "single", "--trials", "40")


def test_an_empty_folder_says_so(tmp_path, capsys):
    assert main(["study", "list", "--studies", str(tmp_path)]) == 0
    assert "no studies" in capsys.readouterr().err
