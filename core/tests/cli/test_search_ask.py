"""``kernel search ask``: points from a history alone."""

from __future__ import annotations

import json

import pytest
from core.tests.study.made_results import made_results
from core.tests.study.stored_study import store_study

from mlkernel.cli import search_ask
from mlkernel.cli.main import build_parser, main
from mlkernel.errors import KernelError
from mlkernel.study.history_file import read_history_file
from mlkernel.study.study_directory import StudyDirectory

pytest.importorskip("mlkernel_search", reason="the core alone has no search algorithm")

SPACE = {"x": "uniform(0, 1)", "a": "[p, q]"}


def ask(*words):
    words = ["search", "ask", *map(str, words)]
    return search_ask.run(build_parser(words).parse_args(words))


@pytest.fixture
def history(tmp_path):
    def write(**content):
        path = tmp_path / "h.json"
        path.write_text(json.dumps(content))
        return path

    return write


def test_points_go_on_where_the_history_ends(history, tmp_path, capsys):
    trials = [{"number": n, "parameters": {"x": n / 10, "a": "p"}, "values": [n]} for n in range(3)]
    trials.append({"number": 7, "parameters": {"x": 0.77, "a": "q"}, "pending": True})
    study = {"space": SPACE, "algorithm": "random", "seed": 3}
    path = history(study=study, trials=trials)
    assert ask("--history", path, "-n", 4) == 0
    points = json.loads(capsys.readouterr().out)["points"]
    assert [point["number"] for point in points] == [8, 9, 10, 11]
    assert all(0 <= point["parameters"]["x"] <= 1 for point in points)
    assert ask("--history", path, "-n", 4, "--out", tmp_path / "points.json") == 0
    assert json.loads((tmp_path / "points.json").read_text())["points"] == points, (
        "the same in another process"
    )


def test_the_study_may_come_from_a_file_of_its_own(history, tmp_path, capsys):
    study = tmp_path / "study.toml"
    study.write_text('algorithm = "grid"\n[space]\nn = "uniformint(1, 3)"\n')
    tried = [{"number": 0, "parameters": {"n": 1}, "values": [0.5]}]
    assert ask(study, "--history", history(trials=tried), "-n", 5) == 0
    points = [point["parameters"] for point in json.loads(capsys.readouterr().out)["points"]]
    assert points == [{"n": 2}, {"n": 3}], "the grid has no others left"
    assert ask(study, "study.seed=4", "algorithm=random", "--history", history()) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"trials": [{"parameters": 3}]}, "trials[0].parameters: must be a table"),
        ({"trials": [{"number": 0, "parameters": {}, "value": 1}]}, "trials[0].value: unknown"),
        ({"trials": [{"parameters": {}, "pending": True}]}, "trials[0].number: must be a whole number"),
        ({"trials": [{"parameters": {}, "values": 0.5}]}, "trials[0].values: must be a list"),
        ({"trails": []}, "trails: unknown"),
        ({"study": {}}, "no space to search"),
        (
            {"study": {"space": SPACE}, "trials": [{"number": 4, "parameters": {}, "values": [1, 2]}]},
            "trial 4 has 2 values for 1 objectives",
        ),
        (
            {"trials": [{"number": 4, "parameters": {}}, {"number": 4, "parameters": {}, "pending": True}]},
            "trials[1].number: 4 is the number of trials[0], too; use each once",
        ),
    ],
)
def test_what_is_wrong_with_a_history_is_said_with_its_place(history, content, words):
    with pytest.raises(KernelError) as error:
        ask("--history", history(**content))
    assert words in str(error.value)


def test_a_trial_may_have_a_value_for_each_budget(history):
    trials = [{"number": 0, "parameters": {"x": 0.5, "a": "p"}, "values": [1], "budget": n} for n in (1, 3)]
    study = {"space": SPACE, "algorithm": "random"}
    assert ask("--history", history(study=study, trials=trials)) == 0


def test_trials_of_no_use_are_named(history, capsys):
    points = [
        {"x": 0.5, "a": "p"},
        {"xx": 0.5, "a": "p"},
        {"x": 2, "a": "p"},
        {"x": "0.5", "a": "p"},
        {"x": 0.1, "a": "q"},
    ]
    trials = [{"number": n, "parameters": point, "values": [1]} for n, point in enumerate(points)]
    trials[4]["values"] = [float("nan")]
    study = {"space": SPACE, "algorithm": "random"}
    assert ask("--history", history(study=study, trials=trials)) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0] == (
        "note: 3 of 5 trials lie outside of the space and are left out: xx: no parameter of the space "
        "(trial 1), x: 2 is no value of its uniform (trial 2), x: '0.5' is no value of its uniform (trial 3)"
    )
    assert said[1:] == [
        "note: 1 of 5 trials have values that are no finite numbers, and count as failed: trial 4"
    ]
    assert ask("--history", history(study=study, trials=trials[:1])) == 0
    assert capsys.readouterr().err == ""


def test_an_exported_study_is_a_history(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MLKERNEL_STUDIES", str(tmp_path))
    results = made_results(12, name="made", steps=3)
    store_study(results, tmp_path)
    main(["study", "export", "made", str(tmp_path / "made.json")])
    capsys.readouterr()
    assert ask("--history", tmp_path / "made.json", "--algorithm", "random", "-n", 2) == 0
    told = capsys.readouterr()
    points = json.loads(told.out)["points"]
    assert [point["number"] for point in points] == [12, 13]
    assert set(points[0]["parameters"]) <= set(results.study.configuration["space"])
    found = read_history_file(tmp_path / "made.json")
    ended = {trial.number: trial for trial in results.trials}
    assert len(found.history) + len(found.pending) == 12
    assert all(one.values == ended[one.number].values for one in found.history)
    stopped = [one for one in found.history if ended[one.number].state == "stopped"]
    assert stopped
    assert all(one.budget for one in stopped)
    assert told.err == ""


def test_a_history_begins_with_the_studies_that_its_study_starts_from(tmp_path, monkeypatch, capsys, history):
    monkeypatch.setenv("MLKERNEL_STUDIES", str(tmp_path))
    results = made_results(12, name="made")
    store_study(results, tmp_path)
    store = StudyDirectory(tmp_path / "made").open()
    known = [{"parameters": one.parameters, "values": one.values} for one in store.ends("made")]
    store.close()
    given = results.study.configuration
    study = {"space": given["space"], "objectives": given["objectives"]}
    study["algorithm"] = {"use": "tpe", "startup_trials": 1}
    assert ask("--history", history(study=study, trials=known)) == 0
    expected = capsys.readouterr().out
    assert ask("--history", history(study={**study, "warm_start": ["made"]}, trials=[])) == 0
    assert capsys.readouterr().out == expected
    assert ask("--history", history(study=study, trials=[])) == 0
    assert capsys.readouterr().out != expected
    with pytest.raises(KernelError, match=r"no study 'gone'.*; the study starts from it"):
        ask("--history", history(study={**study, "warm_start": ["gone"]}, trials=[]))


def test_a_history_must_be_named():
    with pytest.raises(KernelError, match="needs a history"):
        ask()


def test_stored_pieces_say_what_is_searched(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["config", "create", "space", "s", "x=[1,2,3]"])
    main(["config", "create", "study", "h", "--algorithm", "grid"])
    (tmp_path / "h.json").write_text("{}")
    (tmp_path / "study.toml").write_text('pieces = { space = "s" }')
    main(["search", "ask", "study.toml", "--piece", "study=h", "--history", "h.json", "-n", "5"])
    points = json.loads(capsys.readouterr().out)["points"]
    assert [point["parameters"] for point in points] == [{"x": 1}, {"x": 2}, {"x": 3}]
