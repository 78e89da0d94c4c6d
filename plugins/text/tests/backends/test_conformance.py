"""The built-in back ends keep the contract, each against a provider that speaks its protocol."""

from __future__ import annotations

import pytest

from mlkernel.testing import check_plugin

KEY = "TEST_PROVIDER_KEY"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(KEY, "sk-test-0123456789abcdef")


def failed(results):
    return [(result.name, result.message) for result in results if not result.passed]


def test_openai(customer):
    overrides = ["model=base", f"base_url={customer.base_url}", f"api_key_env={KEY}"]
    assert not failed(check_plugin("openai", kind="text_backend", overrides=overrides))


def test_openrouter(customer):
    overrides = ["model=base", f"base_url={customer.base_url}", f"api_key_env={KEY}"]
    assert not failed(check_plugin("openrouter", kind="text_backend", overrides=overrides))
