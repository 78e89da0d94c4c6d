"""All checks of one component: behind ``kernel plugin check``, and for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from mlkernel.discovery.component import Component
from mlkernel.discovery.loading import load_attribute
from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import UsageError
from mlkernel.testing.check import Check, CheckResult
from mlkernel.testing.component_checks import component_checks, declared_kind

ChecksOfKind = Callable[[Component, Sequence[str]], Iterator[Check]]
"""What a kind's ``checks`` names: takes a component and ``path=value`` overrides for short runs of it."""


def check_plugin(
    component: Component | str,
    *,
    kind: str = "trainer",
    overrides: Sequence[str] = (),
    expected_failures: Mapping[str, str] | None = None,
) -> list[CheckResult]:
    """Make every check of *component* and tell what came of each.

    :param component: resolved, or its name as users write it.
    :param kind: of the component, when it is given by name.
    :param overrides: ``path=value``, to make its runs short.
    :param expected_failures: names of checks and the reasons why they fail.
    :raises UsageError: no such component, or a name in *expected_failures* that no check has.
    """
    checks = checks_of(component, kind=kind, overrides=overrides)
    reasons = expected_failures or {}
    refuse_unknown_names(reasons, checks)
    return [_result(check, reasons.get(check.name)) for check in checks]


def checks_of(
    component: Component | str, *, kind: str = "trainer", overrides: Sequence[str] = ()
) -> list[Check]:
    """Return the checks of *component*, without making them."""
    if isinstance(component, str):
        component = resolve(kind, component)
    return list(_checks_of_kind(component.kind)(component, overrides))


def refuse_unknown_names(reasons: Mapping[str, str], checks: Sequence[Check]) -> None:
    """Refuse names that no check has: a misspelt one would expect nothing.

    :raises UsageError: there are some.
    """
    unknown = sorted(reasons.keys() - {check.name for check in checks})
    if unknown:
        names = ", ".join(check.name for check in checks)
        raise UsageError(
            f"expected_failures names no check: {', '.join(unknown)}", hint=f"There are: {names}."
        )


def _checks_of_kind(kind: str) -> ChecksOfKind:
    declared = declared_kind(kind)
    if declared.checks is None:
        return component_checks
    checks: ChecksOfKind = load_attribute(declared.checks, asked_by=f"checks of the kind {kind!r}")
    return checks


def _result(check: Check, reason: str | None) -> CheckResult:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises is what came of its check
        message = f"{type(error).__name__}: {error}" if not isinstance(error, AssertionError) else str(error)
        if reason is None:
            return CheckResult(name=check.name, outcome="failed", message=message)
        return CheckResult(name=check.name, outcome="failed as expected", message=reason)
    if reason is None:
        return CheckResult(name=check.name, outcome="passed")
    return CheckResult(name=check.name, outcome="passed unexpectedly", message=f"expected to fail: {reason}")
