"""A key is in no file, no output and no process list, also when the provider repeats it in its errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from plugins.text.tests.faults.faulty_run import files_with
from plugins.text.tests.faults.test_faults import WORDS

KEY = "sk-secret-5e6f7a8b9c0d"


@pytest.mark.parametrize("is_right", [True, False])
def test_the_key_stays_in_the_environment(provider, tmp_path, is_right):
    customer = provider.customer(key=KEY if is_right else "another")
    words = [
        *WORDS,
        "run.log_level=debug",
        f"backend.base_url={customer.base_url}",
        "backend.api_key_env=SECRET_KEY",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "mlkernel", "run", "--runs", "runs", *words],
        cwd=tmp_path,
        env={**os.environ, "SECRET_KEY": KEY, "OPENAI_LOG": "debug"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    listed = ""
    while "mlkernel" not in listed:  # not before the new process has begun to execute the command
        listed = Path(f"/proc/{process.pid}/cmdline").read_text(encoding="utf-8")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == (0 if is_right else 1), output
    assert "SECRET_KEY" in listed
    assert KEY not in listed + output
    assert not files_with(KEY, tmp_path)
    assert files_with("SECRET_KEY", tmp_path)
    if not is_right:
        assert "Incorrect API key provided" in output
