"""A dictionary of arrays with tuple keys and leading dimensions that all of them share."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, Sequence
from functools import partial
from typing import Any, Self

import numpy as np

from mlkernel_text.rollouts.arrays import Array, as_array, same_arrays, zero_of

Key = tuple[str, ...]


class NestedArrayDict:
    """Arrays under tuple keys, such as ``("agents", "reward")``, whose shapes all begin with :attr:`batch_size`.

    ``rollouts["agents", "reward"]`` is an array, ``rollouts["agents"]`` everything beneath it, and any other index that
    NumPy knows selects within the batch dimensions, of all arrays at once: ``rollouts[:10]``, ``rollouts[..., -1]``,
    ``rollouts[is_won]``. What such an index gives is a copy.

    :param content: arrays or what NumPy makes arrays of, under keys or in nested mappings; texts and ``None`` become
        arrays of :data:`TEXT`. Objects of other kinds are refused.
    :param batch_size: the leading dimensions.
    :raises ValueError: a shape does not begin with the batch size, or one key leads through another one's array.
    :raises TypeError: a value is no number, truth value or text.
    """

    def __init__(
        self, content: Mapping[Any, Any] | None = None, batch_size: Sequence[int] | int = ()
    ) -> None:
        self._batch_size = (batch_size,) if isinstance(batch_size, int) else tuple(batch_size)
        self._arrays: dict[Key, Array] = {}
        self.update(content or {})

    @property
    def batch_size(self) -> tuple[int, ...]:
        """The leading dimensions; can be set to any that all arrays share."""
        return self._batch_size

    @batch_size.setter
    def batch_size(self, size: Sequence[int]) -> None:
        for key, array in self._arrays.items():
            _check_shape(key, array, tuple(size))
        self._batch_size = tuple(size)

    def __getitem__(self, index: Any) -> Any:
        """An array, everything beneath a key, or a part of the batch.

        :raises KeyError: there is nothing under the key.
        :raises IndexError: the index leads out of the batch dimensions.
        """
        key = _as_key(index)
        if key is None:
            return self._select(index)
        if key in self._arrays:
            return self._arrays[key]
        depth = len(key)
        beneath = {other[depth:]: array for other, array in self._arrays.items() if other[:depth] == key}
        if not beneath:
            raise KeyError(f"{_name(key)} is not among {', '.join(map(_name, self._arrays))}")
        return type(self)(beneath, self._batch_size)

    def _select(self, index: Any) -> Self:
        # The batch dimensions are indexed once, as numbers of places: then any index means the same for all arrays.
        places = np.arange(int(np.prod(self._batch_size))).reshape(self._batch_size)[index]
        size = self._batch_size
        chosen = {
            key: array.reshape(-1, *array.shape[len(size) :])[places]
            if array.size
            else np.empty((*np.shape(places), *array.shape[len(size) :]), array.dtype)
            for key, array in self._arrays.items()
        }
        return type(self)(chosen, np.shape(places))

    def __setitem__(self, index: str | Key, value: Any) -> None:
        """Put an array, or everything of a mapping, in the place of what is under the key."""
        key = _as_key(index)
        if not key:
            raise KeyError(f"{index!r} is no key: keys are texts, or tuples of them")
        for length in range(1, len(key)):
            if key[:length] in self._arrays:
                raise ValueError(f"{_name(key)} leads through the array {_name(key[:length])}")
        if isinstance(value, NestedArrayDict | Mapping):
            new = {key + beneath: as_array(leaf) for beneath, leaf in _leaves(value)}
        else:
            new = {key: as_array(value)}
        for name, array in new.items():
            _check_shape(name, array, self._batch_size)
        for old in [old for old in self._arrays if old[: len(key)] == key]:
            del self._arrays[old]
        self._arrays.update(new)

    def __delitem__(self, index: str | Key) -> None:
        """Remove an array, or everything beneath a key."""
        key = _as_key(index) or ()
        doomed = [name for name in self._arrays if name[: len(key)] == key]
        if not key or not doomed:
            raise KeyError(index)
        for name in doomed:
            del self._arrays[name]

    def __contains__(self, index: object) -> bool:
        """Whether there is an array, or anything beneath it, under the key."""
        key = _as_key(index)
        return key is not None and any(name[: len(key)] == key for name in self._arrays)

    def __len__(self) -> int:
        """Size of the first batch dimension.

        :raises TypeError: there is none.
        """
        if not self._batch_size:
            raise TypeError("a NestedArrayDict without batch dimensions has no length")
        return self._batch_size[0]

    def __iter__(self) -> Iterator[Self]:
        """The parts along the first batch dimension."""
        return (self[place] for place in range(len(self)))

    def __bool__(self) -> bool:
        """Whether there is any array."""
        return bool(self._arrays)

    def __eq__(self, other: object) -> bool:
        """Whether keys, shapes, dtypes and values are the same; places that hold no number equal each other."""
        if not isinstance(other, NestedArrayDict):
            return NotImplemented
        if self.batch_size != other.batch_size or self.keys() != other.keys():
            return False
        return all(same_arrays(array, other[key]) for key, array in self._arrays.items())

    def __hash__(self) -> int:
        """None: it can be changed."""
        raise TypeError("a NestedArrayDict can be changed, and has no hash")

    def __repr__(self) -> str:
        """Keys with dtypes and shapes."""
        lines = [f"    {_name(key)}: {array.dtype} {array.shape}" for key, array in self._arrays.items()]
        return "\n".join([f"NestedArrayDict(batch_size={self._batch_size})", *lines])

    def keys(self, include_prefixes: bool = False) -> KeysView[Key]:
        """The keys of the arrays; on demand also those that only lead to others."""
        if not include_prefixes:
            return self._arrays.keys()
        return {key[:length]: None for key in self._arrays for length in range(1, len(key) + 1)}.keys()

    def items(self) -> ItemsView[Key, Array]:
        """Keys and arrays."""
        return self._arrays.items()

    def update(self, content: Mapping[Any, Any] | NestedArrayDict) -> None:
        """Set all that *content* has."""
        for key, value in content.items():
            self[key] = value

    def clone(self, recurse: bool = True) -> Self:
        """Another dictionary, with copies of the arrays or with the same ones."""
        arrays = {key: array.copy() if recurse else array for key, array in self._arrays.items()}
        return type(self)(arrays, self._batch_size)

    def zeros_like(self) -> Self:
        """The same keys, shapes and dtypes, with zeros, ``False`` and ``None``."""
        arrays = {
            key: np.full(array.shape, zero_of(array), array.dtype) for key, array in self._arrays.items()
        }
        return type(self)(arrays, self._batch_size)

    def to_dict(self) -> dict[str, Any]:
        """Nested dictionaries of the arrays."""
        nested: dict[str, Any] = {}
        for key, array in self._arrays.items():
            place = nested
            for part in key[:-1]:
                place = place.setdefault(part, {})
            place[key[-1]] = array
        return nested


def stack_nested_array_dicts(dicts: Sequence[NestedArrayDict], dim: int = 0) -> NestedArrayDict:
    """Join dictionaries along a new batch dimension *dim*; all have the same keys, shapes and batch size.

    :raises ValueError: they do not.
    """
    dim = _batch_dim(dicts, dim, 1)
    return _join(dicts, partial(np.stack, axis=dim))


def concatenate_nested_array_dicts(dicts: Sequence[NestedArrayDict], dim: int = 0) -> NestedArrayDict:
    """Join dictionaries along their batch dimension *dim*; all have the same keys.

    :raises ValueError: they do not, or their other dimensions differ.
    """
    dim = _batch_dim(dicts, dim, 0)
    return _join(dicts, partial(np.concatenate, axis=dim))


def _join(dicts: Sequence[NestedArrayDict], join: Callable[[list[Array]], Array]) -> NestedArrayDict:
    keys = dicts[0].keys()
    for number, other in enumerate(dicts):
        if other.keys() != keys:
            names = ", ".join(sorted(map(_name, keys ^ other.keys())))
            raise ValueError(f"number {number} and number 0 do not both have {names}")
    size = join([np.empty(one.batch_size, bool) for one in dicts]).shape
    return NestedArrayDict({key: join([one[key] for one in dicts]) for key in keys}, size)


def _batch_dim(dicts: Sequence[NestedArrayDict], dim: int, new: int) -> int:
    if not dicts:
        raise ValueError("there is nothing to join")
    depth = len(dicts[0].batch_size) + new
    if any(len(one.batch_size) + new != depth for one in dicts) or not -depth <= dim < depth:
        sizes = ", ".join(str(one.batch_size) for one in dicts[:5])
        raise ValueError(f"batches of {sizes} cannot be joined along dimension {dim}")
    return dim % depth


def _leaves(value: Mapping[Any, Any] | NestedArrayDict) -> Iterator[tuple[Key, Any]]:
    for index, leaf in value.items():
        key = _as_key(index)
        if not key:
            raise KeyError(f"{index!r} is no key: keys are texts, or tuples of them")
        if isinstance(leaf, Mapping | NestedArrayDict):
            yield from ((key + beneath, array) for beneath, array in _leaves(leaf))
        else:
            yield key, leaf


def _as_key(index: object) -> Key | None:
    if isinstance(index, str):
        return (index,)
    if isinstance(index, tuple) and index and all(isinstance(part, str) for part in index):
        return index
    return None


def _check_shape(key: Key, array: Array, batch_size: tuple[int, ...]) -> None:
    if array.shape[: len(batch_size)] != batch_size:
        raise ValueError(f"{_name(key)} has the shape {array.shape}, which does not begin with {batch_size}")


def _name(key: Key) -> str:
    return "/".join(key)
