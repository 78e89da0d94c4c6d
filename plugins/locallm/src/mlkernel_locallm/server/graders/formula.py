"""The formula by which a ``multi`` grader puts its parts together."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

_OPERATORS: Mapping[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "log": math.log,
}
_LONGEST = 1000


class FormulaError(ValueError):
    """A formula that cannot be read or computed."""


class Formula:
    """Numbers, names, ``+ - * / ^``, brackets, and ``min max abs floor ceil exp sqrt log``.

    :raises FormulaError: for anything else.
    """

    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST:
            raise FormulaError(f"a formula has at most {_LONGEST} characters")
        try:
            self._tree = ast.parse(text.replace("^", "**").strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise FormulaError(f"{text!r} is no formula: {error}") from None
        self.names = frozenset(_names(self._tree))
        """Of the parts that it uses."""

    def value(self, parts: Mapping[str, float]) -> float:
        """Compute it.

        :raises FormulaError: where that is impossible, such as a division by zero.
        """
        try:
            value = float(_value(self._tree, parts))
        except (ArithmeticError, ValueError, TypeError) as error:
            raise FormulaError(f"cannot be computed from {dict(parts)}: {error}") from None
        if not math.isfinite(value):
            raise FormulaError(f"is {value} for {dict(parts)}")
        return value


def _names(node: ast.AST) -> set[str]:
    match node:
        case ast.Constant(value=int() | float()):
            return set()
        case ast.Name(id=name):
            return {name}
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _names(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _names(left) | _names(right)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            return set().union(*map(_names, arguments))
    raise FormulaError(f"{ast.unparse(node)!r} is not allowed in a formula")


def _value(node: ast.AST, parts: Mapping[str, float]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return parts[name]
        case ast.UnaryOp(op=op, operand=operand):
            return _OPERATORS[type(op)](_value(operand, parts))
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_value(left, parts), _value(right, parts))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _FUNCTIONS[name](*(_value(argument, parts) for argument in arguments))
    raise AssertionError(node)
