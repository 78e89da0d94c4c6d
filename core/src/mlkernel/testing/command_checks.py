"""Checks of a command that a plugin adds to ``kernel``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial

from mlkernel.cli.main import COMMANDS
from mlkernel.discovery.component import Component
from mlkernel.testing.check import Check, expect
from mlkernel.testing.component_checks import check_public_imports, description_checks


def command_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a command; it is not run.

    :param overrides: a command has no configuration.
    """
    yield from description_checks(component)
    yield Check("name_is_not_taken_by_kernel", partial(_check_name, component))
    yield Check("module_can_be_imported_and_declares_arguments", partial(_check_arguments, component))
    yield Check("imports_public_names_only", lambda: check_public_imports(component.module().__name__))


def _check_name(component: Component) -> None:
    expect(component.name not in COMMANDS, f"kernel has a command {component.name!r}; choose another name")


def _check_arguments(component: Component) -> None:
    parser = argparse.ArgumentParser(prog=f"kernel {component.name}")
    component.module().add_arguments(parser)
    parser.format_help()  # fails on a percent sign that is not doubled
