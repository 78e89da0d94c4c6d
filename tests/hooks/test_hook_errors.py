"""A hook that is implemented wrongly is found when a run starts; a listener that fails harms no run."""

from __future__ import annotations

import json

import pytest

LISTENER = """
from mlkernel import Descriptor, hookimpl

descriptor = Descriptor(name="faulty", summary="Wrong on purpose.", factory="faulty:Faulty")


class Faulty:
    @hookimpl
    def {signature}:
        {body}
"""


def install_faulty(machine, signature, body="pass"):
    (machine.site / "faulty.py").write_text(LISTENER.format(signature=signature, body=body))
    machine.install("faulty-plugin", "[mlkernel.listeners]\nfaulty = faulty:descriptor\n")


@pytest.mark.parametrize(
    ("signature", "named"),
    [
        pytest.param("on_run_startd(self, run)", "on_run_started", id="misspelt"),
        pytest.param("on_run_started(self, run, phase)", "phase", id="unknown-argument"),
    ],
)
def test_a_wrong_hook_is_an_error_at_start_that_names_plugin_and_hook(machine, signature, named):
    install_faulty(machine, signature)
    done = machine.kernel("run", "--trainer", "every_hook")
    assert done.returncode == 2
    assert "faulty" in done.stderr
    assert signature.partition("(")[0] in done.stderr
    assert named in done.stderr
    assert not list(machine.runs.glob("*/metrics.jsonl"))


def test_a_wrapped_notification_is_an_error_at_start(machine):
    install_faulty(machine, "on_run_started(self, run)")
    source = machine.site / "faulty.py"
    source.write_text(
        source.read_text().replace("@hookimpl", "@hookimpl(wrapper=True)").replace("pass", "yield")
    )
    done = machine.kernel("run", "--trainer", "every_hook")
    assert done.returncode == 2
    assert "on_run_started" in done.stderr


def test_a_listener_that_raises_is_named_once_and_set_aside_after_three_failures(machine):
    install_faulty(machine, "on_iteration_ended(self, completed)", "raise OSError(f'iteration {completed}')")
    done = machine.kernel("run", "--trainer", "every_hook")
    assert done.returncode == 0
    assert len(machine.calls("on_iteration_ended")) == 4
    events = [
        json.loads(line)
        for path in machine.runs.glob("*/events.jsonl")
        for line in path.read_text().splitlines()
    ]
    warnings = [event for event in events if event.get("plugin") and "faulty" in event["plugin"]]
    assert [warning["hook"] for warning in warnings] == ["on_iteration_ended"] * 2
    assert "iteration 1" in warnings[0]["exception"]
    assert "exception" not in warnings[1]


def test_strict_plugins_fail_the_run_at_the_first_failure(machine):
    install_faulty(machine, "on_iteration_ended(self, completed)", "raise OSError('no')")
    done = machine.kernel("run", "--trainer", "every_hook", "run.strict_plugins=true")
    assert done.returncode != 0
    assert "faulty" in done.stderr
    assert "on_iteration_ended" in done.stderr


def test_a_question_can_be_wrapped(machine):
    install_faulty(machine, "make_loss_module(self, name)", "answer = yield; return answer.upper()")
    source = machine.site / "faulty.py"
    source.write_text(source.read_text().replace("@hookimpl", "@hookimpl(wrapper=True)"))
    (machine.site / "every_hook_trainer.py").write_text(
        (machine.site / "every_hook_trainer.py")
        .read_text()
        .replace("loss_module=len(self.loss_module)", "upper=float(self.loss_module.isupper())")
    )
    assert machine.kernel("run", "--trainer", "every_hook").returncode == 0
    assert [call["metrics"] for call in machine.calls("on_metrics_logged")][-1] == {"upper": 1.0}
