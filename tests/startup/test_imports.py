"""What a command line may import. Counting modules instead of milliseconds gives the same answer on every machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from mlkernel.discovery.component import Component
from mlkernel.discovery.entry_point_index import read_index
from mlkernel.discovery.name_resolution import resolve

ARRAY_LIBRARIES = {"jax", "numpy", "pandas", "tensordict", "tensorflow", "torch", "torchrl"}
NEIGHBOURS = {"ray", "transformers"}
SLOW_FOR_LISTS = {"attrs", "cattrs", "importlib.metadata", "pluggy", "rich", "stevedore", "structlog", "yaml"}
COMPONENTS = [
    f"{kind.name} {row.reference}" for kind in read_index().kinds() for row in read_index().rows(kind.group)
]
TRAINERS = [row.reference for row in read_index().rows("mlkernel.trainers")]

Imported = Callable[..., set[str]]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """Type a command line and return all modules that it imports.

    The index of entry points is there, as it is after the first command in an environment.
    """
    folder = tmp_path_factory.mktemp("startup")
    cache = {"MLKERNEL_CACHE": str(folder / "cache"), "MLKERNEL_CONFIG": str(folder / "config")}

    def type_words(*words: str) -> set[str]:
        answer = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "mlkernel", *words],
            cwd=folder,
            env={"PATH": "", "HOME": str(folder), **cache},
            capture_output=True,
            text=True,
            check=True,
        )
        lines = [line for line in answer.stderr.splitlines() if line.startswith("import time:")]
        return {line.rpartition("|")[2].strip() for line in lines}

    type_words("plugin", "list")
    return type_words


@pytest.mark.parametrize("words", [["--help"], ["plugin", "list"], ["plugin", "list", "--json"], ["version"]])
def test_lists_import_nothing_heavy(imported: Imported, words: list[str]):
    modules = imported(*words)
    assert "mlkernel.cli.main" in modules
    assert not modules & (ARRAY_LIBRARIES | NEIGHBOURS | SLOW_FOR_LISTS)


def test_the_modules_of_the_help_are_few(imported: Imported):
    own = {name for name in imported("--help") if name.startswith("mlkernel")}
    listing = {
        f"mlkernel.discovery.{name}"
        for name in (
            "allow_and_block", "entry_point_index", "entry_point_row", "index_cache", "inventory", "search_path",
        )
    }  # fmt: skip
    first = {"mlkernel", "mlkernel.api_version", "mlkernel.discovery", "mlkernel.errors"}
    command_line = {f"mlkernel.cli.{name}" for name in ("main", "command_parser", "installed_commands")}
    assert own == first | listing | command_line | {"mlkernel.cli"}


def test_a_built_in_command_does_not_wait_for_the_index_of_commands(imported: Imported):
    assert not any(name.startswith("mlkernel.discovery") for name in imported("list", "--help"))


@pytest.mark.parametrize("words", [["serve", "--help"], ["serve", "locallm", "--help"]])
def test_the_options_of_a_server_are_shown_without_its_code(imported: Imported, words: list[str]):
    modules = imported(*words)
    assert not modules & (ARRAY_LIBRARIES | NEIGHBOURS | {"cattrs", "openai", "starlette", "uvicorn"})


def test_choosing_a_component_imports_none_of_their_code(imported: Imported):
    words = ["scenario=prover-verifier", "scenario.protocol=debate", "backend=openai"]
    modules = imported("run", "--trainer", "expert-iteration", *words, "--help")
    assert "mlkernel_text.protocols.conversation_config" in modules
    assert not modules & {"anyio", "jinja2", "networkx", "openai"}


def test_descriptors_and_configurations_are_light():
    answer = subprocess.run(
        [sys.executable, "-c", IMPORT_DESCRIPTIONS, *COMPONENTS],
        capture_output=True,
        text=True,
        check=True,
    )
    imported_by = dict(zip(COMPONENTS, map(str.split, answer.stdout.splitlines()), strict=True))
    heavy = ARRAY_LIBRARIES | NEIGHBOURS
    assert not {component: names for component, names in imported_by.items() if heavy & set(names)}


IMPORT_DESCRIPTIONS = """
import sys
from mlkernel.discovery.name_resolution import resolve
known = set()
for component in sys.argv[1:]:
    kind, reference = component.split()
    resolve(kind, reference).config_class()
    print(*sys.modules.keys() - known)
    known |= sys.modules.keys()
"""
"""Prints a line for each component: what it imports that none before it did."""


@pytest.mark.parametrize("component", COMPONENTS)
def test_the_index_tells_of_each_first_party_component_what_lists_show(component: str):
    kind, reference = component.split()
    found: Component = resolve(kind, reference)
    (group,) = [row.group for row in read_index().kinds() if row.name == kind]
    rows = {row.reference: row for row in read_index().rows(group)}
    assert rows[reference].summary == found.descriptor.summary
    assert rows[reference].needs in (None, found.descriptor.needs)
