"""A launcher that is closed leaves no process of its own behind."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mlkernel.launcher import fork_server
from mlkernel.launcher.local import Local
from mlkernel.launcher.local_config import LocalConfig

from .forkable import MODULES, fork_servers, forkable
from .jobs import wait_for

ROOT = Path(__file__).parents[3]


def test_a_fork_server_that_hangs_in_an_import_is_ended_and_what_it_did_not_start_is_lost(
    local: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONPATH", f"{MODULES}:{ROOT}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fork_server, "_END_SECONDS", 0.2)
    earlier = fork_servers()
    spec = forkable(tmp_path, "a", "sys.exit(3)", module="waits", working_directory=tmp_path)
    handles = local.submit([spec])
    assert len(set(fork_servers()) - set(earlier)) == 1
    go = tmp_path / "go"
    rescue = threading.Timer(30.0, go.touch)  # whoever waits for its import hangs no longer than this
    rescue.start()
    local.close()
    rescue.cancel()
    assert not go.exists(), "it was waited for"
    assert not set(fork_servers()) - set(earlier)
    go.touch()
    other = Local(LocalConfig(cpus=4, gpus=0), tmp_path / "launcher")
    assert other.poll(handles)["a"].state == "lost"
    assert wait_for(other, other.submit([spec]))["a"].exit_code == 3
    other.close()
