"""Small training files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def json_lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def demonstrations(count: int = 12, answer: str = "no") -> bytes:
    """Rows for supervised fine-tuning."""
    return json_lines(
        {"messages": [{"role": "user", "content": f"question {i}"}, {"role": "assistant", "content": answer}]}
        for i in range(count)
    )


def preferences(count: int = 12) -> bytes:
    """Rows for direct preference optimisation."""
    return json_lines(
        {
            "input": {"messages": [{"role": "user", "content": f"question {i}"}]},
            "preferred_output": [{"role": "assistant", "content": "yes"}],
            "non_preferred_output": [{"role": "assistant", "content": "no"}],
        }
        for i in range(count)
    )


def tasks(count: int = 12) -> bytes:
    """Rows for reinforcement fine-tuning."""
    return json_lines(
        {"messages": [{"role": "user", "content": f"g4 h8 d7 a6 | {i % 9}"}], "answer": "6"}
        for i in range(count)
    )
