"""Reading the fields of a request's body, with the messages that tell what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlkernel_locallm.server.http.api_error import ApiError, invalid


class Fields:
    """A JSON object that is read field by field; :meth:`finish` refuses the fields that nobody read.

    ``None`` counts as absent, as in OpenAI's interface. A field without default that is absent is an error.
    """

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self._values = dict(values)
        self._path = path
        self._read: set[str] = set()

    @classmethod
    def of(cls, value: object, path: str = "") -> Fields:
        """The fields of *value*, which must be an object."""
        if not isinstance(value, Mapping):
            raise invalid(f"{path or 'the body'} must be a JSON object", path or None, "invalid_type")
        return cls(value, path)

    def path(self, name: str) -> str:
        """The full name of a field."""
        return f"{self._path}.{name}" if self._path else name

    def get(self, name: str) -> Any:
        """The value as it is, ``None`` if absent."""
        self._read.add(name)
        return self._values.get(name)

    def require(self, name: str) -> Any:
        """The value as it is, which must be there."""
        value = self.get(name)
        if value is None:
            raise ApiError(
                400,
                f"Missing required parameter: '{self.path(name)}'.",
                param=self.path(name),
                code="missing_required_parameter",
            )
        return value

    def text(self, name: str, *, longest: int | None = None) -> str:
        """A required string."""
        return self._text(name, self.require(name), longest)

    def optional_text(self, name: str, *, longest: int | None = None) -> str | None:
        """A string, or ``None``."""
        value = self.get(name)
        return None if value is None else self._text(name, value, longest)

    def choice(self, name: str, allowed: Iterable[str], default: str | None = None) -> str:
        """One of some words."""
        value = self.get(name) if default is not None else self.require(name)
        value = default if value is None else value
        names = sorted(allowed)
        if value not in names:
            raise invalid(
                f"'{self.path(name)}' must be one of {', '.join(names)}, not {value!r}", self.path(name)
            )
        return str(value)

    def number(self, name: str, default: float, *, low: float, high: float) -> float:
        """A number within *low* and *high*."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid(
                f"'{self.path(name)}' must be a number, not {value!r}", self.path(name), "invalid_type"
            )
        if not low <= value <= high:
            raise invalid(
                f"'{self.path(name)}' must be between {low:g} and {high:g}, not {value:g}", self.path(name)
            )
        return float(value)

    def integer(self, name: str, default: int | None, *, low: int, high: int) -> int | None:
        """A whole number within *low* and *high*, or the default."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise invalid(
                f"'{self.path(name)}' must be an integer, not {value!r}", self.path(name), "invalid_type"
            )
        if not low <= value <= high:
            raise invalid(
                f"'{self.path(name)}' must be between {low} and {high}, not {value}", self.path(name)
            )
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A truth value."""
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise invalid(
                f"'{self.path(name)}' must be true or false, not {value!r}", self.path(name), "invalid_type"
            )
        return default if value is None else value

    def inner(self, name: str) -> Fields | None:
        """The fields of an object in a field, or ``None``."""
        value = self.get(name)
        return None if value is None else Fields.of(value, self.path(name))

    def ignore(self, *names: str) -> None:
        """Accept fields that change nothing here."""
        self._read.update(names)

    def finish(self) -> None:
        """Refuse what was not read."""
        unknown = sorted(name for name in self._values if name not in self._read)
        if unknown:
            name = self.path(unknown[0])
            raise ApiError(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")

    def _text(self, name: str, value: object, longest: int | None) -> str:
        if not isinstance(value, str):
            raise invalid(
                f"'{self.path(name)}' must be a string, not {value!r}", self.path(name), "invalid_type"
            )
        if longest is not None and len(value) > longest:
            raise invalid(
                f"'{self.path(name)}' has {len(value)} characters, {longest} are allowed",
                self.path(name),
                "string_above_max_length",
            )
        return value
