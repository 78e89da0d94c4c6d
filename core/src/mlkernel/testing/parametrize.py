"""All checks of one component as tests of pytest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from mlkernel.testing.check import Check
from mlkernel.testing.plugin_check import checks_of, refuse_unknown_names


def parametrize_with_checks(
    name: str,
    *,
    kind: str = "trainer",
    overrides: Sequence[str] = (),
    expected_failures: Mapping[str, str] | None = None,
) -> pytest.MarkDecorator:
    """Run a test once for each check of a component; the test takes ``check`` and calls it.

    :param name: of the component, as users write it.
    :param kind: of the component.
    :param overrides: ``path=value``, to make its runs short.
    :param expected_failures: names of checks and the reasons why they fail; one that does not fail is an error.
    """
    checks = checks_of(name, kind=kind, overrides=overrides)
    reasons = expected_failures or {}
    refuse_unknown_names(reasons, checks)
    return pytest.mark.parametrize("check", [_parameter(check, reasons.get(check.name)) for check in checks])


def _parameter(check: Check, reason: str | None) -> object:
    marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]
    return pytest.param(check, id=check.name, marks=marks)
