"""``kernel search ask``: points from a history alone."""

from __future__ import annotations

import json

import pytest

from mlkernel.cli import search_ask
from mlkernel.cli.main import build_parser, main
from mlkernel.errors import KernelError

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
    ],
)
def test_what_is_wrong_with_a_history_is_said_with_its_place(history, content, words):
    with pytest.raises(KernelError) as error:
        ask("--history", history(**content))
    assert words in str(error.value)


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
