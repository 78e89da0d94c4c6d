"""Hypothesis strategies for dimensions and search spaces."""

from __future__ import annotations

from hypothesis import strategies as st

from mlkernel.study.space.condition import Condition
from mlkernel.study.space.methods import make_dimension
from mlkernel.study.space.search_space import Parameter, SearchSpace
from mlkernel.study.space.value_lists import Categorical, Fixed, Ordinal

finite = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: value + 0.0)
positive = st.floats(1e-9, 1e9, allow_nan=False)
whole = st.integers(-(10**9), 10**9)
steps = st.sampled_from([1, 2, 16, 0.1, 0.25, 0.003, 7.5])
bins = st.none() | st.integers(1, 20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
value_lists = st.lists(json_values, min_size=1, max_size=5, unique_by=repr).filter(
    lambda values: len({repr(value) for value in values}) == len(values)
)


def _bounds(numbers):
    return st.lists(numbers, min_size=2, max_size=2).map(sorted)


@st.composite
def ranges(draw):
    method = draw(st.sampled_from(["uniform", "loguniform", "uniformint", "quniform", "qloguniform"]))
    numbers = whole if method == "uniformint" else positive if "log" in method else finite
    low, high = draw(_bounds(numbers))
    arguments = {"low": low, "high": high, "bins": draw(bins)}
    if method.startswith("q"):
        q = draw(steps)
        low = draw(st.floats(0.01, 100)) if "log" in method else draw(st.floats(-100, 100))
        arguments |= {"low": low, "high": low + q * draw(st.integers(1, 50)), "q": q}
    return make_dimension(method, arguments)


@st.composite
def normals(draw):
    method = draw(st.sampled_from(["normal", "lognormal", "qnormal", "qlognormal"]))
    arguments = {"mu": draw(st.floats(-5, 5)), "sigma": draw(st.floats(0.01, 3)), "bins": draw(bins)}
    return make_dimension(method, arguments | ({"q": draw(steps)} if method.startswith("q") else {}))


lists = st.builds(Categorical, values=value_lists, grid_search=st.booleans()) | st.builds(
    Ordinal, values=value_lists
)
fixed = st.builds(Fixed, value=json_values)
dimensions = ranges() | normals() | lists | fixed


@st.composite
def spaces(draw):
    """Up to five parameters, each of which may depend on lists before it."""
    parameters = []
    for index in range(draw(st.integers(1, 5))):
        parents = (
            draw(st.lists(st.sampled_from(parameters), unique_by=lambda p: p.name, max_size=2))
            if parameters
            else []
        )
        conditions = [
            Condition(
                parent=parent.name,
                values=draw(st.lists(st.sampled_from(parent.dimension.values), min_size=1, max_size=2)),
            )
            for parent in parents
            if isinstance(parent.dimension, Categorical | Ordinal)
        ]
        parameters.append(Parameter(name=f"part.p{index}", dimension=draw(dimensions), conditions=conditions))
    return SearchSpace(parameters=parameters)
