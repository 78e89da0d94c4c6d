"""A provider of models that fails as it is told, for all tests of this package."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from plugins.text.tests.faults.provider_process import Customer, ProviderProcess


@pytest.fixture(scope="session")
def provider() -> Iterator[ProviderProcess]:
    with ProviderProcess() as process:
        yield process


@pytest.fixture
def customer(provider: ProviderProcess) -> Customer:
    return provider.customer()
