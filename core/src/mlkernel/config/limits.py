"""What validators say of the values that they admit, for ``--help`` and the JSON Schema."""

from __future__ import annotations

from typing import Any


def limits(validator: Any) -> dict[str, Any]:
    """Bounds by operator, such as ``{">=": 0, "<": 1}``; ``"length >="`` and ``"length <="`` for lengths.

    Read from the attributes of the objects that ``attrs.validators`` makes: their classes have no public names. A
    validator of another sort is checked like them, but has no bounds to tell.
    """
    inner = getattr(validator, "_validators", None) or getattr(validator, "validator", None)
    if isinstance(inner, tuple | list):
        return {operator: bound for part in inner for operator, bound in limits(part).items()}
    if inner is not None:
        return limits(inner)
    if hasattr(validator, "compare_op") and hasattr(validator, "bound"):
        return {validator.compare_op: validator.bound}
    found = {
        "length >=": getattr(validator, "min_length", None),
        "length <=": getattr(validator, "max_length", None),
    }
    return {operator: bound for operator, bound in found.items() if bound is not None}


def choices_of(validator: Any) -> tuple[Any, ...]:
    """The values that ``attrs.validators.in_`` admits."""
    inner = getattr(validator, "_validators", None) or getattr(validator, "validator", None)
    if isinstance(inner, tuple | list):
        return next((found for part in inner if (found := choices_of(part))), ())
    if inner is not None:
        return choices_of(inner)
    return tuple(getattr(validator, "options", ()))
