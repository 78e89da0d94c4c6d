import json
import sys

import pytest
from core.tests.plots.recorded_run import finished_status, record_run

from mlkernel.cli.main import main
from mlkernel.records.status import Status


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("MLKERNEL_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def three_runs(runs):
    stopped = finished_status()
    stopped.progress = {"train": (30, 100)}
    stopped.state = "stopped"
    record_run(runs, "ppo-finished")
    record_run(runs, "ppo-stopped", status=stopped)
    record_run(runs, "dqn-pending", trainer="dqn", status=Status())
    return runs


def listed(capsys, *words):
    assert main(["list", "--json", *words]) == 0
    return {row["id"]: row for row in json.loads(capsys.readouterr().out)}


def test_a_row_for_each_run_says_what_it_is_and_how_far(three_runs, capsys):
    assert main(["list"]) == 0
    titles, *rows = capsys.readouterr().out.splitlines()
    assert titles.split() == ["run", "trainer", "state", "progress", "best", "started", "duration"]
    cells = {row.split()[0]: row for row in rows}
    assert "ppo      stopped   train 30/100 (30%)  return 475" in cells["ppo-stopped"]
    assert "ppo      finished  train 100/100       return 475" in cells["ppo-finished"]
    assert cells["dqn-pending"].split() == ["dqn-pending", "dqn", "pending", "-", "-", "-", "-"]


def test_filters_by_state_and_trainer(three_runs, capsys):
    assert set(listed(capsys, "--state", "stopped")) == {"ppo-stopped"}
    assert set(listed(capsys, "--trainer", "ppo")) == {"ppo-stopped", "ppo-finished"}
    assert listed(capsys, "--trainer", "ppo", "--state", "pending") == {}


def test_json_has_numbers(three_runs, capsys):
    row = listed(capsys)["ppo-stopped"]
    assert (row["phase"], row["completed"], row["total"]) == ("train", 30, 100)
    assert (row["metric"], row["best"]) == ("return", 475.0)
    assert row["directory"] == str(three_runs / "ppo-stopped")


def test_piped_rows_are_whole_and_without_colours(runs, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    name = "ppo-" + "x" * 150
    record_run(runs, name)
    main(["list"])
    out = capsys.readouterr().out
    assert name in out
    assert "\x1b" not in out


def test_a_terminal_gets_colours_unless_its_user_refuses_them(three_runs, capsys, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    main(["list"])
    assert "\x1b[32mfinished\x1b[0m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    main(["list"])
    assert "\x1b" not in capsys.readouterr().out


def test_a_narrow_terminal_does_without_columns_rather_than_cut_cells(three_runs, capsys, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    main(["list"])
    titles, *rows = capsys.readouterr().out.splitlines()
    assert titles.split() == ["run", "trainer", "state", "progress", "best", "duration"]
    assert all(len(row) <= 80 for row in rows)
    monkeypatch.setenv("COLUMNS", "20")
    main(["list"])
    assert "train 100/100       return 475" in capsys.readouterr().out


def test_no_runs_is_no_error(runs, capsys):
    assert main(["list"]) == 0
    assert f"no runs in {runs}" in capsys.readouterr().err
    assert listed(capsys) == {}


def test_a_folder_that_was_named_must_exist(runs, capsys):
    assert main(["list", "--runs", str(runs / "nowhere")]) == 2
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["plan.json", "status.json"])
def test_a_damaged_run_is_named_and_hides_no_other(three_runs, capsys, file):
    (three_runs / "ppo-stopped" / file).write_text("{")
    assert main(["list"]) == 0
    printed = capsys.readouterr()
    assert "ppo-finished" in printed.out
    assert "ppo-stopped has damaged records" in printed.err
