"""What a job can take is known before it is begun, whoever chooses its epochs."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlkernel import FineTuneRequest
from mlkernel_text.backends.upper_bounds import bound_of_training

SIZE = 1000


@pytest.mark.parametrize(
    ("rows", "asked", "of_backend", "epochs"),
    [
        (10, {"epochs": 2}, 7, 2),
        (10, {}, 7, 7),
        (10, {}, None, 10),  # few examples are shown more often by OpenAI
        (1, {}, None, 25),
        (500, {}, None, 3),
    ],
)
def test_each_epoch_is_counted(
    tmp_path: Path, rows: int, asked: dict[str, int], of_backend: int | None, epochs: int
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"x" * SIZE)
    request = FineTuneRequest(
        key="k", provider="p", model="m", method="sft", training_file=path, rows=rows, options=asked
    )
    assert bound_of_training(request, of_backend) == epochs * SIZE


def test_the_prompt_of_a_preference_is_read_with_both_answers(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"x" * SIZE)
    request = FineTuneRequest(
        key="k", provider="p", model="m", method="dpo", training_file=path, options={"epochs": 2}
    )
    assert bound_of_training(request) == 2 * 2 * SIZE
