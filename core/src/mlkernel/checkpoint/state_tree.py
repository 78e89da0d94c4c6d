"""State as nested dictionaries and lists: turned into JSON plus the files of state codecs, and back.

What JSON has no word for is marked: ``{"$tuple": [...]}``, ``{"$bytes": base64}``, ``{"$float": "nan"}``, ``{"$int":
hexadecimal}`` for integers of very many digits, ``{"$items": [[key, value], ...]}`` for dictionaries whose keys are not
plain strings, and ``{"$leaf": [codec, name]}`` for what a codec stores.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlkernel.checkpoint.state_codec import FindCodec, StateCodec
from mlkernel.errors import CheckpointError

STATE_FILE = "state.json"

_DECIMAL_BITS = 4096
"""Longer integers are written in hexadecimal: Python refuses to read decimals of more than 4300 digits."""


def save_state(state: dict[str, Any], directory: Path, find_codec: FindCodec) -> None:
    """Write *state* into *directory*.

    :raises TypeError: a leaf is of a type that no codec stores; the message names its path.
    """
    writer = _TreeWriter(find_codec)
    tree = writer.encode(state, "state")
    for codec in writer.codecs.values():
        codec.save(writer.leaves[codec.name], directory)
    content = {"codecs": sorted(writer.codecs), "state": tree}
    (directory / STATE_FILE).write_text(json.dumps(content), encoding="utf-8")


def load_state(directory: Path, find_codec: FindCodec) -> dict[str, Any]:
    """Read what :func:`save_state` wrote.

    :raises CheckpointError: a codec that wrote part of it is no longer installed.
    """
    content = json.loads((directory / STATE_FILE).read_text(encoding="utf-8"))
    leaves: Leaves = {}
    for name in content["codecs"]:
        codec = find_codec(name)
        if codec is None:
            raise CheckpointError(
                f"checkpoint {directory} holds {name} values, and no plugin that reads them is installed",
                hint="Install the plugins that the run was made with; kernel show lists them.",
            )
        leaves[name] = codec.load(directory)
    state: dict[str, Any] = _decode(content["state"], leaves)
    return state


def copy_state(state: Any, find_codec: FindCodec) -> Any:
    """A copy of *state* that later training cannot change; immutable parts are shared.

    :raises TypeError: a leaf is of a type that no codec stores; the message names its path.
    """
    try:
        return _copy(state, find_codec)
    except TypeError:
        _TreeWriter(find_codec).encode(state, "state")  # which knows paths, as copies need not
        raise


def _copy(value: Any, find_codec: FindCodec) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item, find_codec) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item, find_codec) for item in value]
    if type(value) is tuple:
        return tuple([_copy(item, find_codec) for item in value]) if _holds_mutables(value) else value
    if _is_plain(value):
        return value
    codec = _codec_of(value, find_codec)
    if codec is None:
        raise _unknown_type(value, "state")
    return codec.copy(value)


def _is_plain(value: Any) -> bool:
    return value is None or type(value) in {bool, int, float, str, bytes}


def _holds_mutables(values: tuple[Any, ...]) -> bool:
    return not all(map(_is_plain, values))


def _codec_of(value: Any, find_codec: FindCodec) -> StateCodec | None:
    for ancestor in type(value).__mro__[:-1]:
        codec = find_codec(ancestor.__module__.partition(".")[0])
        if codec is not None:
            return codec
    return None


def _unknown_type(value: Any, path: str) -> TypeError:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    return TypeError(
        f"{path} is a {kind}, which no state codec stores: state holds dictionaries, lists, tuples, numbers, strings, "
        "bytes, and arrays of libraries whose codec is installed (kernel plugin list --kind state_codec)"
    )


class _TreeWriter:
    """Builds the JSON tree and gathers the leaves of each codec on the way."""

    def __init__(self, find_codec: FindCodec) -> None:
        self._find_codec = find_codec
        self.codecs: dict[str, StateCodec] = {}
        self.leaves: dict[str, dict[str, Any]] = {}

    def encode(self, value: Any, path: str) -> Any:
        if _is_plain(value):
            return _encode_plain(value)
        if isinstance(value, dict):
            return self._encode_dictionary(value, path)
        if isinstance(value, list) or type(value) is tuple:
            items = [self.encode(item, f"{path}[{index}]") for index, item in enumerate(value)]
            return items if isinstance(value, list) else {"$tuple": items}
        return self._encode_leaf(value, path)

    def _encode_dictionary(self, value: dict[Any, Any], path: str) -> dict[str, Any]:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: self.encode(item, f"{path}.{key}") for key, item in value.items()}
        return {
            "$items": [
                [self.encode(key, f"{path} (a key)"), self.encode(item, f"{path}.{key}")]
                for key, item in value.items()
            ]
        }

    def _encode_leaf(self, value: Any, path: str) -> dict[str, Any]:
        codec = _codec_of(value, self._find_codec)
        if codec is None:
            raise _unknown_type(value, path)
        self.codecs[codec.name] = codec
        leaves = self.leaves.setdefault(codec.name, {})
        name = _free_name(path, leaves)
        leaves[name] = value
        return {"$leaf": [codec.name, name]}


def _free_name(path: str, taken: Mapping[str, Any]) -> str:
    """*path* in printable ASCII, which every format can hold; numbered where ``a.b`` is also ``b`` inside ``a``."""
    name = plain = path.encode("unicode_escape").decode("ascii")
    number = 1
    while name in taken:
        number += 1
        name = f"{plain} ({number})"
    return name


def _encode_plain(value: Any) -> Any:
    if type(value) is float and not math.isfinite(value):
        return {"$float": str(value)}
    if type(value) is int and value.bit_length() > _DECIMAL_BITS:
        return {"$int": hex(value)}
    if type(value) is bytes:
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    return value


Leaves = dict[str, dict[str, Any]]


def _decode(tree: Any, leaves: Leaves) -> Any:
    if isinstance(tree, list):
        return [_decode(item, leaves) for item in tree]
    if not isinstance(tree, dict):
        return tree
    mark, content = next(iter(tree.items()), ("", None))
    if mark in _MARKED:
        return _MARKED[mark](content, leaves)
    return {key: _decode(item, leaves) for key, item in tree.items()}


_MARKED: dict[str, Callable[[Any, Leaves], Any]] = {
    "$tuple": lambda items, leaves: tuple(_decode(item, leaves) for item in items),
    "$bytes": lambda text, _: base64.b64decode(text),
    "$float": lambda text, _: float(text),
    "$int": lambda text, _: int(text, 16),
    "$items": lambda items, leaves: {_decode(key, leaves): _decode(item, leaves) for key, item in items},
    "$leaf": lambda place, leaves: leaves[place[0]][place[1]],
}
