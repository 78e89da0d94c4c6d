"""Every public name is in the reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mlkernel
from mlkernel import errors

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", mlkernel.__all__)
def test_public_name_is_documented(name):
    pages = "".join(
        (REFERENCE / page).read_text(encoding="utf-8") for page in ("python.rst", "checkpoints.md")
    )
    assert hasattr(errors, name) or re.search(rf"^\.\. \w+:: mlkernel\.{name}$", pages, re.MULTILINE)


def test_the_reference_of_errors_takes_the_whole_module():
    assert ".. automodule:: mlkernel.errors\n   :members:" in (REFERENCE / "errors.md").read_text(
        encoding="utf-8"
    )
