from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from tests.hooks.hook_lock import declared_hooks

from mlkernel.hookspecs import FAMILIES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The hook reference as plain text, rendered by Sphinx with the documentation's own extension."""
    folder = tmp_path_factory.mktemp("reference")
    (folder / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(DOCS / 'extensions')!r}); extensions = ['hook_reference']"
    )
    (folder / "index.rst").write_text("Hooks\n=====\n\n.. hook-reference::\n")
    Sphinx(
        folder, folder, folder / "text", folder / "trees", "text", status=None, warningiserror=True
    ).build()
    return re.sub(r"\s+", " ", (folder / "text" / "index.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "hook"), declared_hooks().items(), ids=list(declared_hooks()))
def test_hook_is_documented_with_its_exact_arguments(reference, name, hook):
    documented = re.search(rf"\b{name}\(([^()]*)\) ->", reference)
    assert documented, f"{name} is missing from the hook reference"
    assert re.findall(r"(\w+):", documented[1]) == hook["arguments"]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_hook_docstrings_name_only_arguments_that_exist(family):
    for name, function in vars(family).items():
        if inspect.isfunction(function):
            named = set(re.findall(r":param (\w+):", function.__doc__ or ""))
            assert named <= set(inspect.signature(function).parameters), name


def test_questions_and_notifications_are_told_apart(reference):
    for name, hook in declared_hooks().items():
        kind = "Question" if hook["options"]["firstresult"] else "Notification"
        assert re.search(rf"\b{name}\([^()]*\) -> .{{0,60}}?\*{kind}\*", reference), name
