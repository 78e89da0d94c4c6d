"""A follower that hangs in a call of its tracker ends when nobody trains any more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .trackers import RECEIVED

TRACKERS = Path(__file__).with_name("trackers.py")
TARGET = "def parabola(config):\n    return config['x'] ** 2\n"
IMPATIENT = """
import sys
from pathlib import Path
from mlkernel.tracker import follower_process
from mlkernel.tracker.tracking_file import TrackerChoice, TrackingFile

follower_process.CALL_SECONDS = 3.0
tracker = TrackerChoice(reference=sys.argv[2])
file = TrackingFile(Path(sys.argv[1]), tracker.label)
file.begin(tracker)
sys.exit(follower_process.main([str(file.path), "0", "0"]))
"""
"""Gives up a call after some seconds, in which one that does not hang returns on a slow machine, too."""


def test_a_study_that_is_over_lets_go_of_a_tracker_that_hangs(tmp_path):
    (tmp_path / "target.py").write_text(TARGET)
    environment = {**os.environ, RECEIVED: str(tmp_path / "received")}
    search = ["search", "--trainer", "./target.py:parabola", "--space", "x=[1, 2]", "--algorithm", "grid"]
    subprocess.run([sys.executable, "-m", "mlkernel", *search, "--name", "s"], cwd=tmp_path, check=True)
    study = tmp_path / "studies" / "s"
    words = [sys.executable, "-c", IMPATIENT, str(study), f"{TRACKERS}:Hangs"]
    follower = subprocess.Popen(words, env=environment)
    try:
        assert follower.wait(60) == 75
    finally:
        follower.kill()
    assert "it hangs here" in (study / "trackers" / "Hangs.log").read_text()
