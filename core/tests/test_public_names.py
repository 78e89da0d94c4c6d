from __future__ import annotations

import subprocess
import sys

import pytest

import mlkernel


@pytest.mark.parametrize("name", mlkernel.__all__)
def test_every_public_name_can_be_imported(name: str):
    assert getattr(mlkernel, name) is not None


def test_public_names_are_listed_in_order_and_completely():
    constants_first = sorted(mlkernel.__all__, key=lambda name: (not name.isupper(), name))
    assert mlkernel.__all__ == constants_first
    assert set(dir(mlkernel)) == {*mlkernel.__all__, "__version__"}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Trainr'"):
        _ = mlkernel.Trainr


def test_the_version_is_that_of_the_distribution():
    from importlib.metadata import version

    assert mlkernel.__version__ == version("mlkernel")


def test_importing_the_package_imports_nothing_of_it():
    code = "import sys, mlkernel; print(*[name for name in sys.modules if name.startswith('mlkernel')])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["mlkernel"]
