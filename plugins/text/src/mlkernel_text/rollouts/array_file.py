"""Files of a :class:`NestedArrayDict`: a ZIP archive of NumPy's own format, without pickle.

``content.json`` tells format, version, batch size and keys; the array number *i* is ``i.npy``, and an array of texts is
three: ``i.utf8.npy`` (bytes), ``i.ends.npy`` (where each text ends) and ``i.missing.npy``. Equal content makes equal
files.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

import numpy as np

from mlkernel import UsageError
from mlkernel_text.rollouts.arrays import TEXT, Array
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict

_DAMAGES = (
    BadZipFile, zlib.error, struct.error, EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError,
)  # fmt: skip
"""What the libraries raise over the various ways in which a file can be damaged."""

FORMAT, VERSION = "mlkernel nested arrays", 1


def save_nested_array_dict(arrays: NestedArrayDict, path: Path) -> None:
    """Write *arrays*; the file is there whole, or as it was before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    content = {
        "format": FORMAT,
        "version": VERSION,
        "batch_size": arrays.batch_size,
        "keys": list(arrays.keys()),
    }
    try:
        with ZipFile(aside, "w", ZIP_DEFLATED) as archive:
            archive.writestr(_member("content.json"), json.dumps(content))
            for number, array in enumerate(arrays.items()):
                _write(archive, str(number), array[1])
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def load_nested_array_dict(path: Path) -> NestedArrayDict:
    """Read what :func:`save_nested_array_dict` wrote.

    :raises UsageError: the file is torn, was changed, or is something else.
    """
    try:
        with ZipFile(path) as archive:
            content = _checked(json.loads(archive.read("content.json")))
            arrays = {tuple(key): _read(archive, str(number)) for number, key in enumerate(content["keys"])}
            return NestedArrayDict(arrays, tuple(content["batch_size"]))
    except _DAMAGES as error:
        if isinstance(error, FileNotFoundError):
            raise UsageError(f"there is no file {path}") from None
        raise UsageError(
            f"{path} cannot be read as nested arrays: {error}", hint="Export the rollouts again."
        ) from error


def _checked(content: Any) -> dict[str, Any]:
    found = (content["format"], content["version"])
    if found != (FORMAT, VERSION):
        raise ValueError(
            f"it has format {found[0]!r}, version {found[1]!r}, not {FORMAT!r}, version {VERSION}"
        )
    return dict(content)


def _write(archive: ZipFile, name: str, array: Array) -> None:
    if array.dtype != TEXT:
        _write_array(archive, f"{name}.npy", array)
        return
    texts = array.ravel().tolist()
    parts = [b"" if text is None else text.encode() for text in texts]
    _write_array(archive, f"{name}.utf8.npy", np.frombuffer(b"".join(parts), np.uint8))
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    _write_array(archive, f"{name}.ends.npy", ends.reshape(array.shape))
    missing = np.array([text is None for text in texts], bool)
    _write_array(archive, f"{name}.missing.npy", missing.reshape(array.shape))


def _write_array(archive: ZipFile, name: str, array: Array) -> None:
    with archive.open(_member(name), "w", force_zip64=True) as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)


def _member(name: str) -> ZipInfo:
    member = ZipInfo(name)  # with a fixed date
    member.compress_type = ZIP_DEFLATED
    return member


def _read(archive: ZipFile, name: str) -> Array:
    if f"{name}.npy" in archive.namelist():
        return _read_array(archive, f"{name}.npy")
    content = _read_array(archive, f"{name}.utf8.npy").tobytes()
    ends, missing = _read_array(archive, f"{name}.ends.npy"), _read_array(archive, f"{name}.missing.npy")
    flat = [0, *ends.ravel().tolist()]
    if ends.shape != missing.shape or flat != sorted(flat) or flat[-1] != len(content):
        raise ValueError(f"the texts of array {name} do not fit together")
    texts: Array = np.empty(ends.size, object)
    for place, (begin, end, is_missing) in enumerate(zip(flat, flat[1:], missing.ravel(), strict=False)):
        texts[place] = None if is_missing else content[begin:end].decode()
    return texts.reshape(ends.shape).astype(TEXT)


def _read_array(archive: ZipFile, name: str) -> Array:
    content = BytesIO(
        archive.read(name)
    )  # whole, so that its checksum is compared before anything is believed
    array: Array = np.lib.format.read_array(content, allow_pickle=False)
    return array
