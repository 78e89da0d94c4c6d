"""The prompts that come with the package."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from mlkernel_text.scenario.prompt_template import PromptTemplate, prompt_template, templates_from


@cache
def packaged_source(name: str) -> str:
    """The template *name* as it lies in the package."""
    return (files("mlkernel_text.scenarios") / "prompts" / f"{name}.jinja").read_text(encoding="utf-8")


def chosen_prompts(
    offered: Mapping[str, frozenset[str]], folder: Path | None, fallbacks: Mapping[str, str]
) -> dict[str, PromptTemplate]:
    """Every prompt of *offered*: the user's, or that of its fallback, or the packaged one.

    :param offered: name of a prompt → the variables that it may use.
    :param folder: of the user's templates.
    :param fallbacks: name of a prompt → the prompt that stands for it where it is not given, such as its role's.
    :raises ConfigError: a template of *folder* breaks its rules.
    """
    given = {} if folder is None else templates_from(folder, offered)
    chosen = {}
    for name, variables in offered.items():
        fallback = fallbacks.get(name, name)
        packaged = prompt_template(name, packaged_source(fallback), variables)
        chosen[name] = given.get(name) or given.get(fallback) or packaged
    return chosen
