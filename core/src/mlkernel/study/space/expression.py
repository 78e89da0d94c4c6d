"""The expressions that constraints are: Python's grammar, evaluated node by node.

Only what is registered here exists, so an expression cannot run code.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from functools import singledispatch
from typing import Any

from mlkernel.errors import ConfigError

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs, "len": len, "log": math.log, "max": max, "min": min
}  # fmt: skip

OPERATIONS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: lambda base, exponent: (
        float(base) ** float(exponent)
    ),  # of whole numbers, it could take for ever
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}

ADMITTED = (
    "Constraints may use parameters, numbers, quoted texts, + - * / // % **, comparisons, and, or, not, in, "
    + ("lists, and " + ", ".join(FUNCTIONS) + ".")
)


def parse_expression(text: str) -> ast.expr:
    """Parse *text*.

    :raises ConfigError: it is no expression, or uses something that does not exist here.
    """
    if not isinstance(text, str):
        raise ConfigError(f"a constraint is text, not {text!r}", hint=ADMITTED)
    try:
        expression = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(f"the constraint {text!r} cannot be read: {error}", hint=ADMITTED) from error
    for node in _inner(expression):
        if not is_admitted(node):
            part = ast.get_source_segment(text.strip(), node) or type(node).__name__
            raise ConfigError(
                f"the constraint {text!r} uses {part!r}, which does not exist in constraints", hint=ADMITTED
            )
    return expression


def names_in(expression: ast.expr) -> Iterator[str]:
    """The names in *expression*, with their dots."""
    for node in _inner(expression):
        if isinstance(node, ast.Name | ast.Attribute):
            yield str(_dotted(node))


def _inner(node: ast.expr) -> Iterator[ast.expr]:
    """*node* and all expressions in it; names with dots, and functions, are one."""
    yield node
    if isinstance(node, ast.Attribute):
        return
    children = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    for child in children:
        if isinstance(child, ast.expr):
            yield from _inner(child)


def is_admitted(node: ast.expr) -> bool:
    """Whether *node*, but for what is in it, exists in constraints."""
    match node:
        case ast.Constant(value=value):
            admitted = isinstance(value, bool | int | float | str)
        case ast.Attribute():
            admitted = _dotted(node) is not None
        case ast.Call():
            admitted = isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords
        case ast.BinOp(op=operation) | ast.UnaryOp(op=operation):
            admitted = type(operation) in OPERATIONS
        case ast.Compare(ops=operations):
            admitted = all(type(operation) in OPERATIONS for operation in operations)
        case _:
            admitted = isinstance(node, ast.Name | ast.BoolOp | ast.List | ast.Tuple)
    return admitted


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


@singledispatch
def value_of(node: ast.expr, parameters: Mapping[str, Any]) -> Any:
    """The value of an expression that was admitted, for these values of its names."""
    raise AssertionError(f"{ast.dump(node)} was admitted, with {parameters}")


@value_of.register
def _(node: ast.Constant, parameters: Mapping[str, Any]) -> Any:
    del parameters
    return node.value


@value_of.register(ast.Name)
@value_of.register(ast.Attribute)
def _(node: ast.expr, parameters: Mapping[str, Any]) -> Any:
    return parameters[str(_dotted(node))]


@value_of.register
def _(node: ast.BoolOp, parameters: Mapping[str, Any]) -> bool:
    settled = all if isinstance(node.op, ast.And) else any
    return settled(value_of(part, parameters) for part in node.values)


@value_of.register
def _(node: ast.UnaryOp, parameters: Mapping[str, Any]) -> Any:
    return OPERATIONS[type(node.op)](value_of(node.operand, parameters))


@value_of.register
def _(node: ast.BinOp, parameters: Mapping[str, Any]) -> Any:
    return OPERATIONS[type(node.op)](value_of(node.left, parameters), value_of(node.right, parameters))


@value_of.register
def _(node: ast.Compare, parameters: Mapping[str, Any]) -> bool:
    left = value_of(node.left, parameters)
    for operation, part in zip(node.ops, node.comparators, strict=True):
        right = value_of(part, parameters)
        if not OPERATIONS[type(operation)](left, right):
            return False
        left = right
    return True


@value_of.register(ast.List)
@value_of.register(ast.Tuple)
def _(node: ast.List | ast.Tuple, parameters: Mapping[str, Any]) -> list[Any]:
    return [value_of(part, parameters) for part in node.elts]


@value_of.register
def _(node: ast.Call, parameters: Mapping[str, Any]) -> Any:
    function = FUNCTIONS[node.func.id]  # type: ignore[attr-defined] # a name, since it was admitted
    return function(*(value_of(part, parameters) for part in node.args))
