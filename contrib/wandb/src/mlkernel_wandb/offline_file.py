"""The file that W&B writes offline: records of protobuf in the log format of LevelDB, after a header of its own."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from pathlib import Path

from wandb.proto.wandb_internal_pb2 import Record

BLOCK = 32768
HEADER = 7
"""Bytes of the header of the file, and of that of each part of a record: checksum, length, kind."""
FULL, LAST = 1, 4
"""Kinds of part that end a record."""
LOOK_SECONDS = 0.05


def read_records(path: Path) -> Iterator[Record]:
    """The records that are there so far."""
    content = path.read_bytes()
    position, record = HEADER, b""
    while True:
        if BLOCK - position % BLOCK < HEADER:  # too little is left of the block for a part
            position += BLOCK - position % BLOCK
        if position + HEADER > len(content):
            return
        _, length, kind = struct.unpack_from("<IHB", content, position)
        end = position + HEADER + length
        if end > len(content):
            return
        record += content[position + HEADER : end]
        position = end
        if kind in (FULL, LAST):
            yield Record.FromString(record)
            record = b""


def wait_for_end(path: Path) -> None:
    """Wait until the last record is there: W&B's own process goes on writing after it was told of the end."""
    while not any(record.WhichOneof("record_type") == "exit" for record in read_records(path)):
        time.sleep(LOOK_SECONDS)
