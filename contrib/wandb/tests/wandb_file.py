"""Reads the file that W&B writes offline: records of protobuf in the log format of LevelDB, after a header."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from wandb.proto.wandb_internal_pb2 import Record

BLOCK = 32768
HEADER = 7
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


def read_records(path: Path) -> list[Record]:
    content = path.read_bytes()
    assert content[:4] == b":W&B"
    position, parts, records = HEADER, b"", []
    while position + HEADER <= len(content):
        if BLOCK - position % BLOCK < HEADER:
            position += BLOCK - position % BLOCK
            continue
        _, length, kind = struct.unpack_from("<IHB", content, position)
        parts += content[position + HEADER : position + HEADER + length]
        position += HEADER + length
        if kind in (FULL, LAST):
            records.append(Record.FromString(parts))
            parts = b""
    return records


def only_file(directory: Path) -> Path:
    (path,) = directory.rglob("*.wandb")
    return path


def history(path: Path) -> list[dict]:
    rows = [record.history for record in read_records(path) if record.WhichOneof("record_type") == "history"]
    return [
        {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in row.item}
        for row in rows
    ]
