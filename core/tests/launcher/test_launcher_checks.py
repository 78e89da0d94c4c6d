"""The checks of launchers pass for ``local``, and each fails for a launcher that breaks its promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlkernel.testing import CheckFailed, parametrize_with_checks
from mlkernel.testing.plugin_check import checks_of

BROKEN = Path(__file__).with_name("broken_launchers.py")


@parametrize_with_checks("local", kind="launcher", overrides=["cpus=4"])
def test_local_keeps_the_contract(check):
    check()


@pytest.mark.parametrize(
    ("launcher", "name", "said"),
    [
        ("TakesTheUnlistedForDone", "tells_what_became_of_jobs", "exit code 3 is told as .*succeeded"),
        ("TakesTheUnlistedForDone", "has_lost_what_nobody_knows", "succeeded"),
        ("ForgetsHandles", "finds_jobs_again", "finds \\[\\] instead of"),
        ("ForgetsHandles", "survives_the_kill_of_its_submitter", "after the kill, \\[\\] is found"),
        ("WritesTheEnvironment", "hides_the_environment", "is written to secret.environment"),
        ("RunsKeysAgain", "runs_a_key_once", "wrote b'once.nonce"),
        ("AcceptsEverything", "refuses_what_can_never_be_had", "a million processors"),
        ("IgnoresLimits", "keeps_to_time_limits", "succeeded"),
        ("IgnoresLimits", "keeps_to_memory_limits", "succeeded"),
        ("EndsJobsWhenClosed", "lets_jobs_go_on_when_it_is_closed", "cancelled"),
        ("ReadsLogsFromTheBeginning", "keeps_what_jobs_write", "from its end at 9"),
    ],
)
def test_a_broken_promise_is_found(launcher: str, name: str, said: str):
    checks = checks_of(f"{BROKEN}:{launcher}", kind="launcher")
    with pytest.raises(CheckFailed, match=said):
        next(check for check in checks if check.name == name)()
