"""The table of a comparison: quartiles of the regret on each problem, and the mean of the ranks."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

RESOLUTION = 4
"""Decimals of a regret; what is equal in them is equal."""


def ranked_table(
    runs: Sequence[dict[str, Any]], algorithms: Sequence[str], problems: Sequence[str], after: int
) -> str:
    """A Markdown table of what is known after *after* trials, the best mean rank first.

    Algorithms are ranked on each problem by their median regrets; equal ones share the mean of their ranks.
    """
    found = {
        (name, title): [
            run["regrets"][after - 1] for run in runs if (run["algorithm"], run["problem"]) == (name, title)
        ]
        for name in algorithms
        for title in problems
    }
    ranks = mean_ranks(found, algorithms, problems)
    rows = [
        f"| after {after} trials | {' | '.join(problems)} | mean rank | ms per trial |",
        "|---" * (len(problems) + 3) + "|",
    ]
    for name in sorted(algorithms, key=lambda name: ranks.get(name, float("inf"))):
        cells = [_cell(found[name, title]) for title in problems]
        rank = f"{ranks[name]:.2f}" if name in ranks else ""
        rows.append(f"| `{name}` | {' | '.join(cells)} | {rank} | {_cost(runs, name)} |")
    return "\n".join(rows) + "\n"


def mean_ranks(
    found: dict[tuple[str, str], list[float]], algorithms: Sequence[str], problems: Sequence[str]
) -> dict[str, float]:
    """The mean rank of each algorithm that was run on all problems."""
    complete = [name for name in algorithms if all(found[name, title] for title in problems)]
    ranks: dict[str, list[float]] = {name: [] for name in complete}
    for title in problems:
        medians = {name: round(statistics.median(found[name, title]), RESOLUTION) for name in complete}
        for name, median in medians.items():
            better = sum(other < median for other in medians.values())
            equal = sum(other == median for other in medians.values())
            ranks[name].append(better + (equal + 1) / 2)
    return {name: statistics.mean(listed) for name, listed in ranks.items()}


def _cell(regrets: Sequence[float]) -> str:
    if not regrets:
        return ""
    if len(regrets) == 1:
        return f"{regrets[0]:.4f} (1)"
    low, median, high = statistics.quantiles(regrets, n=4, method="inclusive")
    return f"{median:.4f} ({low:.4f}–{high:.4f})"  # noqa: RUF001 - an en dash stands between numbers


def _cost(runs: Sequence[dict[str, Any]], name: str) -> str:
    costs = [1000 * run["cpu_s"] / run["trials"] for run in runs if run["algorithm"] == name]
    return f"{statistics.median(costs):.1f}" if costs else ""
