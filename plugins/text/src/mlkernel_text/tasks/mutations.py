"""Small mistakes, made in the syntax tree of a function."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from attrs import frozen

_COMPARISONS: dict[type[ast.cmpop], tuple[str, type[ast.cmpop]]] = {
    ast.Lt: ("off by one", ast.LtE),
    ast.LtE: ("off by one", ast.Lt),
    ast.Gt: ("off by one", ast.GtE),
    ast.GtE: ("off by one", ast.Gt),
    ast.Eq: ("wrong operator", ast.NotEq),
    ast.NotEq: ("wrong operator", ast.Eq),
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mod,
    ast.Mod: ast.FloorDiv,
}

Change = Callable[[ast.AST], None]


@frozen
class Mutant:
    """A function with one change."""

    mutation: str
    """What was done, such as ``off by one``."""
    source: str


def mutants(source: str) -> list[Mutant]:
    """Every function that one change makes of *source*, in the order of its syntax tree."""
    made = []
    for position, node in enumerate(ast.walk(ast.parse(source))):
        for mutation, change in _changes(node):
            tree = ast.parse(source)
            change(list(ast.walk(tree))[position])
            made.append(Mutant(mutation, ast.unparse(tree)))
    return made


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """What can be changed in *node*: the name of the mutation, and a function that does it to a copy of the node."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in _COMPARISONS:
            mutation, other = _COMPARISONS[type(operator)]
            yield mutation, lambda copy: setattr(copy, "ops", [other()])
        case ast.BinOp() | ast.AugAssign() if type(node.op) in _OPERATORS:
            changed = _OPERATORS[type(node.op)]
            yield "wrong operator", lambda copy: setattr(copy, "op", changed())
        case ast.BoolOp(op=connective):
            swapped = ast.Or if isinstance(connective, ast.And) else ast.And
            yield "wrong connective", lambda copy: setattr(copy, "op", swapped())
        case ast.If(test=test):
            yield "negated condition", lambda copy: setattr(copy, "test", ast.UnaryOp(ast.Not(), test))
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            yield "wrong constant", lambda copy: setattr(copy, "value", value + 1)
            yield "wrong constant", lambda copy: setattr(copy, "value", value - 1)
