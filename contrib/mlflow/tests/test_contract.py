"""The tracker keeps the contract of its kind."""

from __future__ import annotations

import pytest

from mlkernel.testing import Check, parametrize_with_checks

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # MLflow's use of SQLAlchemy


@parametrize_with_checks("mlflow", kind="tracker")
def test_it_keeps_the_contract(check: Check) -> None:
    check()
