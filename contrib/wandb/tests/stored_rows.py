"""What lies in offline files, as tests ask for it."""

from __future__ import annotations

import json
from pathlib import Path

from mlkernel_wandb.offline_file import read_records


def only_file(directory: Path) -> Path:
    (path,) = directory.rglob("*.wandb")
    return path


def records(path: Path, kind: str) -> list:
    return [getattr(one, kind) for one in read_records(path) if one.WhichOneof("record_type") == kind]


def history(path: Path) -> list[dict]:
    return [_values(row.item) for row in records(path, "history")]


def summary(path: Path) -> dict:
    found = {}
    for one in records(path, "summary"):
        found |= _values(one.update)
    return found


def _values(items) -> dict:
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}
