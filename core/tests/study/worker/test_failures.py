"""What goes wrong in a target: said once, in one line, and tried again only where that may help."""

from __future__ import annotations

import textwrap

import pytest

from .small_driver import PATIENCE, SmallDriver, order, start_worker, train

WRONG = """
import os, sys

def raises(config):
    raise RuntimeError("the data\\nare gone")

def exits(config):
    sys.exit(3)

def interrupts(config):
    raise KeyboardInterrupt

def cancelled(config):
    import asyncio
    raise asyncio.CancelledError

def not_a_number(config, reporter):
    reporter(loss=1.0)
    reporter(loss=float("nan"))

def infinite(config):
    return float("inf")

def other_metric(config, reporter):
    reporter(accuracy=0.5, time=3)

def nothing(config):
    pass

def text(config):
    return "0.5"

def word(config, reporter):
    reporter(loss="low")

def pair(config):
    return 1, 2

def backwards(config, reporter):
    reporter(step=2, loss=1)
    reporter(step=1, loss=1)

def no_parameters():
    return 1

def three(config, reporter, data):
    return 1

def swallows(config, reporter):
    for step in range(5):
        try:
            reporter(loss=step)
        except BaseException:
            pass

def prints(config):
    for number in range(200_000):
        print(f"line {number}")
    print("to the other", file=sys.stderr)
    os.write(1, b"past Python\\n")
    return 1

def stops(config):
    from mlkernel import RunStopped
    raise RunStopped("enough")

def leaks(config):
    raise ValueError(os.environ["SOME_API_KEY"])

def dies(config):
    os._exit(7)

def fine(config):
    return 1

constant = 3
"""


@pytest.fixture
def study(tmp_path):
    return with_targets(tmp_path)


def with_targets(folder):
    (folder / "wrong.py").write_text(textwrap.dedent(WRONG))
    (folder / "broken.py").write_text("import no_such_module\n")
    return folder


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    """How each function ended that may fail without ending the worker, and the folder of its run."""
    study = with_targets(tmp_path_factory.mktemp("wrong"))
    functions = [*SENSELESS, *PASSING]
    driver = train(study, *[wrong(study, name, trial=number) for number, name in enumerate(functions)])
    folders = [study / "runs" / f"{end.trial:06d}-0" for end in driver.ends]
    return dict(zip(functions, zip(driver.ends, folders, strict=True), strict=True))


def wrong(study, function, **fields):
    return order(study, f"./wrong.py:{function}", **fields)


SENSELESS = {
    "not_a_number": "loss is nan at step 2",
    "infinite": "loss is inf at step 1",
    "other_metric": "it never reported 'loss'; it reported accuracy, time",
    "nothing": "it never reported 'loss'; it reported nothing → A function returns the number",
    "text": "returned '0.5', and the study asks for loss",
    "word": "the metric 'loss' must be a number",
    "pair": "returned (1, 2), and the study asks for loss",
    "backwards": "reported step 1 after step 2",
    "no_parameters": "no_parameters() cannot be called",
    "three": "(config, reporter, data) cannot be called",
    "constant": "is of the type int",
    "stops": "nobody had asked it to stop",
    "fin": "Did you mean 'fine'?",
}
PASSING = {
    "raises": "RuntimeError: the data are gone",
    "exits": "it called sys.exit(3)",
    "interrupts": "KeyboardInterrupt",
    "cancelled": "CancelledError",
}


@pytest.mark.parametrize("function", SENSELESS)
def test_what_would_fail_again_is_not_tried_again(ends, function):
    failed, _ = ends[function]
    assert (failed.state, failed.retry) == ("failed", False)
    assert SENSELESS[function] in failed.error
    assert "\n" not in failed.error


@pytest.mark.parametrize("function", PASSING)
def test_what_may_pass_is_told_with_its_place_and_may_be_tried_again(ends, function):
    failed, folder = ends[function]
    assert (failed.state, failed.retry) == ("failed", True)
    assert failed.error.startswith(PASSING[function])
    assert "/wrong.py:" in failed.error
    told = (folder / "stderr.txt").read_text()
    assert "Traceback" in told
    assert f"in {function}" in told


def test_a_target_that_cannot_be_imported_says_where(study):
    driver = train(study, order(study, "./broken.py:f"))
    assert (driver.end.state, driver.end.retry) == ("failed", False)
    assert "No module named 'no_such_module'" in driver.end.error
    assert "broken.py:1" in driver.end.error


def test_a_script_that_prints_nothing_is_told_how_to_report(study):
    (study / "silent.py").write_text("def objective(config):\n    return 0.5\n")
    driver = train(study, order(study, str(study / "silent.py")))
    assert "it never reported 'loss'; it reported nothing" in driver.end.error
    assert 'Print a line such as {"loss": 0.5}; to call a function of the file' in driver.end.error
    assert f"{study}/silent.py:objective" in driver.end.error


def test_an_unknown_trainer_is_named(study):
    driver = train(study, order(study, "no-such-trainer"))
    assert (driver.end.state, driver.end.retry) == ("failed", False)
    assert "no-such-trainer" in driver.end.error


def test_a_function_that_swallows_the_end_reports_no_more(study):
    driver = train(study, wrong(study, "swallows", max_step=2))
    assert driver.values == [0, 1]


def test_what_a_function_prints_is_kept_in_its_folder_and_disturbs_nothing(study):
    driver = train(study, wrong(study, "prints"), wrong(study, "fine", trial=1))
    assert [end.state for end in driver.ends] == ["finished", "finished"]
    printed = (study / "runs" / "000000-0" / "stdout.txt").read_text().splitlines()
    assert {"line 0", "line 199999", "past Python"} <= set(printed)
    assert (study / "runs" / "000000-0" / "stderr.txt").read_text() == "to the other\n"
    assert list((study / "runs" / "000001-0").iterdir()) == []


def test_secrets_of_the_environment_are_not_told(study, monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "sk-very-secret")
    driver = train(study, wrong(study, "leaks"))
    told = (study / "runs" / "000000-0" / "stderr.txt").read_text()
    assert "sk-very-secret" not in driver.end.error + told


def test_a_worker_that_dies_hangs_up(study):
    with SmallDriver(study) as driver, start_worker(study, cwd=study) as worker:
        driver.drive([wrong(study, "dies")])
        worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 7
    assert driver.ends == []
