"""``kernel plugin``: what is installed, whether it works, and what may be used.

``list``, ``show``, ``block`` and ``unblock`` never import a plugin, so that they work whatever is installed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkernel.cli.printout import print_json
from mlkernel.discovery import allow_and_block
from mlkernel.discovery.entry_point_index import read_index
from mlkernel.discovery.inventory import InventoryRow, inventory, select
from mlkernel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlkernel.discovery.component import Component
    from mlkernel.discovery.doctor import Diagnosis

    Action = Callable[[argparse.Namespace], int]
    SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse gives it no other name

NAME_HELP = "a name such as ppo, trainer:ppo or mlkernel-rl:ppo, or a distribution such as mlkernel-rl"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands and what they take."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = _action(actions, list_plugins, "list", "everything that is installed", prints_json=True)
    listing.add_argument("--kind", help="only components of this kind, such as trainer")
    showing = _action(actions, show_plugin, "show", "what one plugin declares", prints_json=True)
    showing.add_argument("plugin", metavar="NAME", help=NAME_HELP)
    summary = "import plugins, each in a process of its own, and tell what is wrong"
    doctor = _action(actions, examine_plugins, "doctor", summary, prints_json=True)
    doctor.add_argument("plugin", metavar="NAME", nargs="?", help=f"{NAME_HELP}; all when left out")
    doctor.add_argument(
        "--timeout", type=float, default=60.0, metavar="SECONDS", help="for one plugin (default: 60)"
    )
    blocking = _action(
        actions, block_plugin, "block", "let a component or a whole distribution no longer be used"
    )
    blocking.add_argument("plugin", metavar="NAME", help=NAME_HELP)
    unblocking = _action(actions, unblock_plugin, "unblock", "undo block")
    unblocking.add_argument("plugin", metavar="NAME", help="what was blocked")
    summary = "test whether a component keeps the contract of its kind"
    check = _action(actions, check_plugins, "check", summary, prints_json=True)
    check.add_argument(
        "plugin", metavar="NAME", help=f"{NAME_HELP}; or package.module:Class or ./file.py:Class"
    )
    check.add_argument("--kind", default="trainer", help="what a class named directly is (default: trainer)")
    check.add_argument("overrides", metavar="path=value", nargs="*", help="options that make its runs short")
    new = _action(actions, new_plugin, "new", "write an installable package with a plugin that works")
    new.add_argument("kind", help="such as trainer")
    new.add_argument("name", help="of the new plugin, such as my-trainer")
    new.add_argument(
        "--directory", type=Path, default=Path(), help="where its folder is made (default: here)"
    )
    new.add_argument("--single-file", action="store_true", help="one file, to be used as ./file.py:Class")


def run(arguments: argparse.Namespace) -> int:
    """Carry out the chosen subcommand."""
    exit_code: int = arguments.run_action(arguments)
    return exit_code


def list_plugins(arguments: argparse.Namespace) -> int:
    """``kernel plugin list``."""
    rows = [row for row in _inventory() if arguments.kind in (None, row.kind)]
    if not rows:
        _require_known_kind(arguments.kind)
    columns = ("kind", "name", "distribution", "version", "state", "summary")
    if arguments.json:
        print_json([dict(zip(columns, row, strict=False)) for row in rows])
        return 0
    table = [columns, *(tuple(map(str, row[: len(columns)])) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(columns) - 1)]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for *cells, summary in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        print(f"{line}  {summary}".rstrip()[:room])
    return 0


def show_plugin(arguments: argparse.Namespace) -> int:
    """``kernel plugin show``."""
    facts = [_facts(row) for row in select(_inventory(), arguments.plugin)]
    if arguments.json:
        print_json(facts)
    else:
        paragraphs = (
            "\n".join(f"{key + ':':14}{_plain(value)}" for key, value in fact.items()) for fact in facts
        )
        print("\n\n".join(paragraphs))
    return 0


def examine_plugins(arguments: argparse.Namespace) -> int:
    """``kernel plugin doctor``; the exit code is 1 when something is wrong."""
    from mlkernel.discovery.doctor import diagnose

    rows = _inventory()
    chosen = rows if arguments.plugin is None else select(rows, arguments.plugin)
    diagnoses = []
    for row in chosen:
        diagnoses.append(diagnose(row, timeout_seconds=arguments.timeout))
        if not arguments.json:
            _print_diagnosis(diagnoses[-1], with_tracebacks=arguments.plugin is not None)
    if arguments.json:
        print_json(
            [{**_facts(row), "steps": steps, "problems": problems} for row, steps, problems in diagnoses]
        )
    return int(any(diagnosis.problems for diagnosis in diagnoses))


def block_plugin(arguments: argparse.Namespace) -> int:
    """``kernel plugin block``."""
    entry = _blockable(arguments.plugin)
    blocked = allow_and_block.read_block_list()
    if entry not in blocked:
        allow_and_block.write_block_list([*blocked, entry])
    print(f"{entry} is blocked ({allow_and_block.policy_file()})")
    return 0


def unblock_plugin(arguments: argparse.Namespace) -> int:
    """``kernel plugin unblock``."""
    blocked = allow_and_block.read_block_list()
    key = allow_and_block.entry_key(arguments.plugin)
    kept = [
        entry for entry in blocked if key not in (allow_and_block.entry_key(entry), entry.rpartition(":")[2])
    ]
    if kept == blocked:
        raise UsageError(
            f"{arguments.plugin} is not blocked in {allow_and_block.policy_file()}",
            hint=f"Blocked there: {', '.join(blocked) or 'nothing'}. "
            f"{allow_and_block.BLOCK_VARIABLE} and {allow_and_block.ALLOW_VARIABLE} may block as well.",
        )
    allow_and_block.write_block_list(kept)
    print(f"{arguments.plugin} is no longer blocked")
    return 0


def check_plugins(arguments: argparse.Namespace) -> int:
    """``kernel plugin check``; the exit code is 1 when a check failed."""
    from mlkernel.testing import check_plugin

    results = [
        (component.reference, result)
        for component in _components(arguments.plugin, arguments.kind)
        for result in check_plugin(component, overrides=arguments.overrides)
    ]
    if arguments.json:
        keys = ("plugin", "check", "outcome", "message")
        rows = [(reference, result.name, result.outcome, result.message) for reference, result in results]
        print_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        for reference, result in results:
            print(
                f"{result.outcome.upper() if not result.passed else result.outcome}  {reference}  {result.name}"
            )
            if result.message:
                print(f"        {result.message}")
    return int(not all(result.passed for _, result in results))


def new_plugin(arguments: argparse.Namespace) -> int:
    """``kernel plugin new``."""
    from mlkernel.scaffold.new_package import create

    print(create(arguments.kind, arguments.name, arguments.directory, single_file=arguments.single_file))
    return 0


def _action(
    actions: SubParsers, function: Action, name: str, summary: str, *, prints_json: bool = False
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=summary, allow_abbrev=False)
    parser.set_defaults(run_action=function)
    if prints_json:
        parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _inventory() -> list[InventoryRow]:
    return inventory(read_index(), allow_and_block.read_policy())


def _require_known_kind(kind: str) -> None:
    from mlkernel.discovery.unknown_name import unknown_kind

    index = read_index()
    if kind not in {row.name for row in index.kinds()}:
        raise unknown_kind(kind, index)


def _components(text: str, kind: str) -> list[Component]:
    from mlkernel.discovery.name_resolution import resolve

    rows = [row for row in _inventory() if row.kind != "kind"]
    if ":" in text and not any(text in row.spellings for row in rows):
        return [resolve(kind, text)]
    return [resolve(row.kind, row.entry_point.reference) for row in select(rows, text)]


def _blockable(text: str) -> str:
    """Return what *text* means as an entry of the block list: a distribution, or ``kind:name``."""
    rows = select(_inventory(), text)
    key = allow_and_block.entry_key(text)
    if key == allow_and_block.CORE:
        raise UsageError("mlkernel itself cannot be blocked", hint="Block one component of it, as kind:name.")
    if any(key == allow_and_block.entry_key(row.distribution) for row in rows):
        return key
    entries = sorted({f"{row.kind}:{row.name}" for row in rows})
    if len(entries) > 1:
        raise UsageError(f"{text!r} means several components", hint=f"Choose one: {', '.join(entries)}.")
    return entries[0]


def _facts(row: InventoryRow) -> dict[str, Any]:
    entry = row.entry_point
    return {
        "kind": row.kind,
        "name": row.name,
        "summary": row.summary,
        "distribution": row.distribution,
        "version": row.version,
        "state": row.state,
        "api": entry.api and f"{entry.api[0]}.{entry.api[1]}",
        "needs": list(entry.needs or ()),
        "entry point": f"{entry.group}: {entry.name} = {entry.value}",
    }


def _print_diagnosis(diagnosis: Diagnosis, *, with_tracebacks: bool) -> None:
    row, steps, problems = diagnosis
    verdict = "; ".join(problems) or row.state
    print(f"{row.kind} {row.name} ({row.distribution} {row.version}): {verdict}", flush=True)
    for step in steps:
        imports = f"  imports {', '.join(step['imports'])}" if step["imports"] else ""
        print(f"  {step['step']:10} {step['milliseconds']:8.1f} ms{imports}")
        if step["traceback"] and with_tracebacks:
            print("".join(f"    {line}\n" for line in step["traceback"].splitlines()), end="")


def _plain(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value or "-")
