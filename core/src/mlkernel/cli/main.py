"""The entry of the ``kernel`` command: a table of commands, and what happens to errors.

A command is a module with ``add_arguments(parser)`` and ``run(arguments) -> int``, the exit code. Only the module of
the command that was typed is imported, which keeps ``kernel --help`` fast whatever is installed. A command may replace
``-h`` by an action of its own. Plugins add commands as components of the kind ``command``.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

import mlkernel
from mlkernel.cli.command_parser import CommandParser
from mlkernel.errors import KernelError

COMMANDS = {
    "run": ("mlkernel.cli.run_command", "train something"),
    "search": ("mlkernel.cli.search_command", "try many configurations, and find the best"),
    "study": ("mlkernel.cli.study_command", "list, inspect, report, export and delete studies"),
    "resume": ("mlkernel.cli.resume_command", "go on with a run that stopped, failed or finished"),
    "stop": ("mlkernel.cli.stop_command", "ask a run to stop at its next boundary"),
    "list": ("mlkernel.cli.list_command", "list runs"),
    "show": ("mlkernel.cli.show_command", "show one run"),
    "logs": ("mlkernel.cli.logs_command", "print the log of a run, and follow it with -f"),
    "track": ("mlkernel.cli.track_command", "send a run or a study to MLflow, TensorBoard or W&B"),
    "compare": ("mlkernel.cli.compare_command", "compare runs side by side"),
    "plot": ("mlkernel.cli.plot_command", "draw learning curves of runs"),
    "clean": ("mlkernel.cli.clean_command", "delete runs or their checkpoints"),
    "config": (
        "mlkernel.cli.config_command",
        "show or check a configuration, and keep parts of studies under names",
    ),
    "plugin": ("mlkernel.cli.plugin_command", "list, inspect, check, block and write plugins"),
    "serve": ("mlkernel.cli.serve_command", "start a server that other programs ask"),
    "completion": ("mlkernel.cli.completion_command", "print the shell code that completes names"),
    "version": ("mlkernel.cli.version_command", "print versions of mlkernel and its plugins"),
}
"""Name of each built-in command: the module that carries it out, and its line in ``kernel --help``."""

INTERRUPTED = 130
"""Exit code after Ctrl-C outside of training, by the shells' convention of 128 + SIGINT."""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command line and return its exit code."""
    if "_ARGCOMPLETE" in os.environ:
        from mlkernel.cli.name_completion import complete

        complete(build_parser)
    words = list(sys.argv[1:] if argv is None else argv)
    traceback_wanted = _traceback_wanted(words)
    try:
        with _own_warnings_in_one_line():
            return _dispatch(words)
    except KernelError as error:
        return _report(error, traceback_wanted)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe, such as `head`, has gone: nothing is wrong, and nothing more can be printed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.filename is None:
            raise  # nothing tells which file it was, so the place in the code has to
        return _report(_about_file(error), traceback_wanted)


def build_parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Make the parser of a command line; of the commands only the one in *words* gets its arguments.

    :raises KernelError: there is no such command, or the plugin that brings it cannot be used.
    """
    parser = argparse.ArgumentParser(
        prog="kernel",
        description="Run, resume, inspect and compare training experiments.",
        epilog="kernel COMMAND --help tells more; kernel run --trainer NAME --help lists the options of a trainer.",
        allow_abbrev=False,
    )
    parser.add_argument("--traceback", action="store_true", help="show where in the code an error arose")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=CommandParser)
    summaries = {name: summary for name, (_, summary) in COMMANDS.items()}
    chosen = next((word for word in words if not word.startswith("-")), None)
    if chosen not in COMMANDS:  # those do not wait for the index of what is installed
        from mlkernel.cli.installed_commands import installed_commands

        installed = installed_commands(COMMANDS)
        summaries |= installed.summaries
        parser.epilog = "\n".join([str(parser.epilog), *installed.remarks])
    how: dict[str, Any] = {"allow_abbrev": False, "conflict_handler": "resolve"}
    parsers = {name: commands.add_parser(name, help=text, **how) for name, text in summaries.items()}
    if chosen is not None:
        module = _command_module(chosen, summaries)
        command = parsers.get(chosen) or commands.add_parser(chosen, **how)
        summary = summaries.get(chosen, chosen)
        command.description = f"{summary[:1].upper()}{summary[1:]}."
        module.add_arguments(command)
        command.set_defaults(run_command=module.run)
    return parser


def _command_module(name: str, summaries: Iterable[str]) -> ModuleType:
    """Import the module of a command.

    :raises KernelError: as :func:`build_parser` does.
    """
    if name in COMMANDS:
        return import_module(COMMANDS[name][0])
    from mlkernel.cli.installed_commands import load_command

    return load_command(name, COMMANDS, summaries)


def _dispatch(words: Sequence[str]) -> int:
    arguments = build_parser(words).parse_args(words)
    exit_code: int = arguments.run_command(arguments)
    sys.stdout.flush()  # here, where a reader that has gone is still no error
    return exit_code


def _traceback_wanted(words: list[str]) -> bool:
    """Take ``--traceback`` out of *words*, wherever it was written."""
    wanted = os.environ.get("MLKERNEL_TRACEBACK", "0") not in ("", "0")
    while "--traceback" in words:
        words.remove("--traceback")
        wanted = True
    return wanted


@contextmanager
def _own_warnings_in_one_line() -> Iterator[None]:
    """Show the warnings of mlkernel, which are for users, without the line of code that a developer would look for."""
    python_format = warnings.formatwarning

    def in_one_line(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
    ) -> str:
        if filename.startswith(mlkernel.__path__[0]):
            return f"warning: {message}\n"
        return python_format(message, category, filename, lineno, line)

    warnings.formatwarning = in_one_line
    try:
        yield
    finally:
        warnings.formatwarning = python_format


def _about_file(error: OSError) -> KernelError:
    told = KernelError(f"{error.filename}: {error.strerror}", hint="--traceback shows what was done with it.")
    told.__cause__ = error
    return told


def _report(error: KernelError, traceback_wanted: bool) -> int:
    if traceback_wanted:
        import traceback

        traceback.print_exception(error)
    print(f"error: {error}", file=sys.stderr)
    return error.exit_code
