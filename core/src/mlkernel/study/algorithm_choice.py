"""From the name of a search algorithm to one that proposes points of a problem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlkernel.discovery.allow_and_block import read_policy
from mlkernel.discovery.entry_point_index import read_index
from mlkernel.discovery.inventory import inventory, usable_names
from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import ConfigError, UsageError
from mlkernel.study.refined_search import RefinedSearch
from mlkernel.study.search_algorithm import Capabilities, SearchAlgorithm
from mlkernel.study.search_problem import SearchProblem

KIND = "search_algorithm"


def make_search_algorithm(
    name: str,
    problem: SearchProblem,
    config: Any = None,
    *,
    refine_after: Sequence[int] = (),
    refine_top_k: int = 5,
) -> SearchAlgorithm:
    """Make the search algorithm *name* for *problem*.

    :param config: an instance of its configuration class; its defaults when ``None``.
    :param refine_after: numbers of successful trials after which the space shrinks around the best ones.
    :param refine_top_k: how many of the best trials the smaller space must hold.
    :raises UnknownNameError: nobody provides it.
    :raises PluginError: a library that it needs is not installed.
    :raises ConfigError: it cannot do what the problem asks for; names those that can.
    """
    component = resolve(KIND, name)
    factory = component.factory()
    refusals = capabilities_of(factory).refusals(problem)
    if refusals:
        able = ", ".join(capable_algorithms(problem)) or "none that is installed"
        raise ConfigError(
            f"the search algorithm {name!r} cannot do {' and '.join(refusals)}", hint=f"These can: {able}."
        )
    config_class = component.config_class()
    settled = config_class() if config is None and config_class is not None else config

    def make(part: SearchProblem) -> SearchAlgorithm:
        algorithm: SearchAlgorithm = factory(part, settled)
        return algorithm

    if refine_after:
        return RefinedSearch(problem, make, refine_after, refine_top_k)
    return make(problem)


def capable_algorithms(problem: SearchProblem) -> list[str]:
    """Names of the installed search algorithms that can do what *problem* asks for."""
    names = []
    for name in usable_names(inventory(read_index(), read_policy()), KIND):
        try:
            refusals = capabilities_of(resolve(KIND, name).factory()).refusals(problem)
        except UsageError:
            continue  # what it needs is not installed
        if not refusals:
            names.append(name)
    return names


def capabilities_of(factory: Any) -> Capabilities:
    """What the class of an algorithm declares; without a declaration, the defaults."""
    declared: Capabilities = getattr(factory, "capabilities", Capabilities())
    return declared
