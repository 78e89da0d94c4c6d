"""Runs functions and tells what they return; a program of its own, started in an isolated process.

Reads one JSON object: ``memory`` (bytes), ``seconds``, ``max_steps``, and ``programs``, each with the ``source`` of one
function and ``inputs``, a list of argument lists. Writes a list with, for each program, a text that is equal for
programs that behave equally on the same inputs. Steps are counted in lines, so that an endless loop ends at the same
place on every machine.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


class EndlessError(Exception):
    """A call that took too many steps."""


def main() -> None:
    """Run what standard input asks for."""
    order = json.load(sys.stdin)
    limit_resources(order["memory"], order["seconds"])
    results = [
        behaviour(program["source"], program["inputs"], order["max_steps"]) for program in order["programs"]
    ]
    json.dump(results, sys.stdout)


def limit_resources(memory: int, seconds: int) -> None:
    """Cap memory (bytes) and CPU time, and forbid to write files, where the system can."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def behaviour(source: str, inputs: list[list[Any]], max_steps: int) -> str:
    """What the only function of *source* returns or raises, input by input."""
    namespace: dict[str, Any] = {}
    exec(compile(source, "<function>", "exec"), namespace)  # noqa: S102 - why this process is isolated
    (function,) = (value for name, value in namespace.items() if name != "__builtins__")
    return "\n".join(outcome(function, copy.deepcopy(arguments), max_steps) for arguments in inputs)


def outcome(function: Callable[..., Any], arguments: list[Any], max_steps: int) -> str:
    """What one call returns or raises."""
    sys.settrace(step_counter(max_steps))
    try:
        return repr(function(*arguments))[:1000]
    except Exception as error:  # noqa: BLE001 - whatever it raises is what it does
        return type(error).__name__
    finally:
        sys.settrace(None)


def step_counter(max_steps: int) -> Callable[[FrameType, str, Any], Any]:
    """A trace function that ends a call after *max_steps* lines."""
    steps = 0

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps > max_steps:
            raise EndlessError
        return count

    return count


if __name__ == "__main__":
    main()
