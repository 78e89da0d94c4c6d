"""Hypothesis strategies: configuration classes of every supported type, with values for them."""

from enum import Enum
from pathlib import Path
from typing import Any, Literal

from attrs import NOTHING, field, frozen
from hypothesis import strategies as st

from mlkernel.config.option import option
from mlkernel.config.secret import Secret


class Letter(Enum):
    ALPHA = "a"
    BETA = "b"


@frozen
class Kind:
    """A type and a strategy for its values."""

    annotation: Any
    values: st.SearchStrategy[Any] = field(repr=False)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "null",
        "true",
        "1",
        "1e-3",
        "010",
        "no",
        "[1]",
        '"',
        "'",
        "#",
        "~",
        "- a",
        "{}",
        "\t",
        "a: b",
        "<<",
        "=",
    ]
)
FLOATS = st.floats(allow_nan=False)
SCALARS = [
    Kind(bool, st.booleans()),
    Kind(int, st.integers()),
    Kind(float, FLOATS),
    Kind(str, TEXT),
    Kind(Path, st.text("abc/._ ", min_size=1, max_size=8).map(Path)),
    Kind(Letter, st.sampled_from(Letter)),
    Kind(Literal["x", "3", 3], st.sampled_from(["x", "3", 3])),
    Kind(int | Literal["auto"], st.integers() | st.just("auto")),
    Kind(int | str, st.integers() | TEXT),
    Kind(Secret, st.from_regex(r"env:[A-Z]+", fullmatch=True).map(Secret)),
]
PLAIN = st.recursive(
    st.booleans() | st.integers() | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def containers(inner):
    return st.one_of(
        inner.map(lambda kind: Kind(list[kind.annotation], st.lists(kind.values, max_size=3))),
        inner.map(
            lambda kind: Kind(tuple[kind.annotation, ...], st.lists(kind.values, max_size=3).map(tuple))
        ),
        inner.map(lambda kind: Kind(tuple[kind.annotation, int], st.tuples(kind.values, st.integers()))),
        inner.map(
            lambda kind: Kind(dict[str, kind.annotation], st.dictionaries(TEXT, kind.values, max_size=3))
        ),
    )


def optional(kind):
    return Kind(kind.annotation | None, kind.values | st.none())


SIMPLE = st.sampled_from([*SCALARS, Kind(Any, PLAIN)])
KINDS = st.one_of(
    SIMPLE, containers(SIMPLE), st.sampled_from(SCALARS).map(optional), containers(containers(SIMPLE))
)


@st.composite
def config_classes(draw, depth=2):
    """A Kind whose annotation is a configuration class; some of its options have defaults, some are nested."""
    names = draw(
        st.lists(st.sampled_from(["lr", "name", "use_it", "a1", "kind", "x"]), min_size=1, unique=True)
    )
    members: dict[str, Any] = {"__annotations__": {}, "__module__": __name__}
    values = {}
    for name in names:
        kind = draw(config_classes(depth - 1) if depth and draw(st.integers(0, 3)) == 0 else KINDS)
        default = draw(kind.values) if draw(st.booleans()) else NOTHING
        members["__annotations__"][name] = kind.annotation
        members[name] = option(default, help="Generated.", secret=kind.annotation is Secret)
        values[name] = kind.values
    config_class = frozen(kw_only=True)(type("Generated", (), members))
    return Kind(config_class, st.builds(config_class, **values))


@st.composite
def configurations(draw):
    """An instance of a generated configuration class."""
    return draw(draw(config_classes()).values)
