"""Scripts as targets: their arguments, what they print, how they are ended."""

from __future__ import annotations

import json
import signal
import textwrap
import time
from pathlib import Path

import pytest

from mlkernel.study.worker.messages import Continue, Stop

from .small_driver import PATIENCE, SmallDriver, order, start_worker, train

SCRIPT = """
import argparse, json, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("-exp_dir")
parser.add_argument("-config")
parser.add_argument("-seed", type=int)
parser.add_argument("-fold", type=int)
parser.add_argument("-folds", type=int)
parser.add_argument("-rest", type=float, default=0)
parser.add_argument("-code", type=int, default=0)
given = parser.parse_args()
config = json.load(open(given.config))
print("a line for people, {not JSON}")
x = config["train_config"]["x_0"] + given.seed
for step in range(1, 5):
    x *= 0.9
    time.sleep(given.rest)
    print(json.dumps({"step": 100 * step, "integral": x, "fold": given.fold, "name": "ode"}))
open(given.exp_dir + "/done.txt", "w").close()
if given.code:
    sys.exit("it was bad" if given.code == 1 else given.code)
"""
SHELL = """
echo "$MLKERNEL_TRIAL_SEED $# $MLKERNEL_TRIAL_DIRECTORY" > seen.txt
echo "$$" > pids.txt
sleep 60 &
echo "$!" >> pids.txt
echo '{"loss": 0.5}'
wait
"""
LOGGED = """
import sys, h5py
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
seed = given["-seed"]
with h5py.File(f"{given['-exp_dir']}/log_seed_{seed}.hdf5", "w") as log:
    group = log.create_group(f"seed_{seed}")
    group["stats/integral"] = [0.5, 0.25, 0.125]
    group["stats/per_layer"] = [[1, 2], [3, 4], [5, 6]]
    group["time/num_updates"] = [1, 2, 3]
    group["time/step_counter"] = [10, 20, 30]
    group["time/time"] = ["a", "b", "c"]
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "ode.py").write_text(textwrap.dedent(SCRIPT))
    (tmp_path / "long.sh").write_text(textwrap.dedent(SHELL))
    (tmp_path / "base.json").write_text(json.dumps({"train_config": {"x_0": 1, "dt": 0.1}, "log_config": {}}))
    return tmp_path


def ode(study, **fields):
    return order(
        study, "./ode.py", **{"objectives": [["integral", "max"]], "config": ["base.json"], **fields}
    )


def test_a_script_gets_the_arguments_of_mle_toolbox_and_prints_its_reports(study):
    driver = train(study, ode(study, seed=3, parameters={"x_0": 7}, fold=1, folds=4))
    assert [one.step for one in driver.reports] == [100, 200, 300, 400]
    assert driver.values[0] == pytest.approx(9.0)
    assert driver.end.metrics["fold"] == 1
    run = study / "runs" / "000000-0"
    assert json.loads((run / "config.json").read_text())["train_config"] == {"x_0": 7, "dt": 0.1}
    assert (run / "done.txt").exists()
    assert "for people" in (run / "stdout.txt").read_text()


def test_a_script_that_fails_says_how(study):
    target = {"name": "./ode.py", "options": {"code": 1}}
    driver = train(study, ode(study, target=target))
    assert (driver.end.state, driver.end.retry) == ("failed", True)
    assert driver.end.error == "ode.py ended with exit code 1: it was bad"


def test_a_missing_script_is_no_reason_to_try_again(study):
    driver = train(study, ode(study, target={"name": "./od.py"}))
    assert (driver.end.state, driver.end.retry) == ("failed", False)
    assert "no script od.py" in driver.end.error


def test_a_stopped_script_leaves_nothing_running(study):
    bare = order(study, "./long.sh", target={"name": "./long.sh", "arguments": "none"}, seed=4)
    driver = train(study, bare, decide=lambda one: Stop(reason="enough"))
    assert driver.end.state == "stopped"
    assert (study / "seen.txt").read_text().split() == ["4", "0", bare.directory]
    assert not any(is_alive(int(pid)) for pid in (study / "pids.txt").read_text().split())


def test_sigterm_ends_the_script_and_says_so(study):
    resting = ode(study, target={"name": "./ode.py", "options": {"rest": 10}})
    with SmallDriver(study) as driver, start_worker(study, cwd=study) as worker:
        driver.drive([resting], until=(study / "runs" / "000000-0" / "config.json").exists)
        time.sleep(0.3)
        worker.send_signal(signal.SIGTERM)
        driver.drive([])
        worker.communicate(timeout=PATIENCE)
    assert (driver.end.state, driver.end.error) == ("paused", "SIGTERM")
    assert worker.returncode == 75


def test_the_last_step_ends_a_script(study):
    driver = train(study, ode(study, max_step=200), decide=lambda one: Continue())
    assert (len(driver.reports), driver.end.state) == (2, "finished")


def test_the_log_of_mle_logging_is_read_where_nothing_is_printed(study):
    pytest.importorskip("h5py")
    (study / "logged.py").write_text(textwrap.dedent(LOGGED))
    driver = train(study, ode(study, target={"name": "./logged.py"}, seed=3))
    assert [(one.step, one.values[0], one.metrics) for one in driver.reports] == [
        (10, 0.5, {}), (20, 0.25, {}), (30, 0.125, {})
    ]  # fmt: skip
    assert driver.end.state == "finished"


def is_alive(pid):
    """A process that ended and that nobody asked after yet does not count."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
