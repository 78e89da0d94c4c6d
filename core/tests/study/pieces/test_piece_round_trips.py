"""Whatever a piece can say is read back as it was said."""

import json
from operator import itemgetter

from core.tests.study.spaces import json_values, spaces
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlkernel.config.layers import Layer
from mlkernel.study.engine.study_settings import build_study, plain_study
from mlkernel.study.pieces.piece_folder import PieceFolder, find_piece
from mlkernel.study.pieces.piece_kind import KINDS, owner
from mlkernel.study.pieces.piece_values import named_piece, piece_values
from mlkernel.study.pieces.project_making import study_layers
from mlkernel.study.space.table_form import to_table

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True).filter(
    lambda name: not name.endswith((".yaml", ".yml", ".toml", ".json"))
)
texts = st.text(min_size=1, max_size=12)
paths = st.from_regex(r"[a-z]{1,4}(\.[a-z]{1,4})?", fullmatch=True)
studies = st.fixed_dictionaries(
    {},
    optional={
        "trials": st.none() | st.integers(1, 10**6),
        "jobs": st.integers(1, 100),
        "seeds": st.integers(1, 5) | st.lists(st.integers(0, 2**31), min_size=1, max_size=3, unique=True),
        "max_step": st.none() | st.floats(1e-3, 1e9),
        "aggregate": st.sampled_from(["mean", "median", "p10"]),
        "algorithm": st.just({"use": "random"})
        | st.integers(1, 50).map(lambda count: {"use": "tpe", "startup_trials": count}),
        "objectives": st.lists(
            st.fixed_dictionaries({"metric": texts, "mode": st.sampled_from(["min", "max"])}),
            min_size=1,
            max_size=2,
            unique_by=itemgetter("metric"),
        ),
        "resources": st.fixed_dictionaries(
            {}, optional={"cpus": st.integers(1, 64), "time": st.none() | st.floats(0.1, 1e6)}
        ).filter(bool),
        "points_to_evaluate": st.lists(
            st.dictionaries(texts, json_values, max_size=2), min_size=1, max_size=2
        ),
        "before": st.lists(texts, min_size=1, max_size=2),
    },
)
models = st.fixed_dictionaries(
    {"trainer": texts.map(lambda text: f"{text}.py:f")},
    optional={"set": st.dictionaries(paths, json_values, min_size=1, max_size=3)},
)
launchers = st.fixed_dictionaries(
    {},
    optional={
        "launcher": st.integers(1, 64).map(lambda count: {"use": "local", "cpus": count}),
        "resources": st.dictionaries(texts, json_values, min_size=1, max_size=3).map(
            lambda extra: {"extra": extra}
        ),
    },
)
tables = spaces().map(lambda space: {"space": to_table(space)})
pieces = st.one_of(
    *(
        st.tuples(st.just(kind), values)
        for kind, values in {
            "study": studies,
            "model": models,
            "launcher": launchers,
            "space": tables,
        }.items()
    )
)
calm = settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def layer(values):
    return Layer(tree={"study": json.loads(json.dumps(values))}, source="a test")


@calm
@given(name=names, piece=pieces, suffix=st.sampled_from([".yaml", ".json"]))
def test_what_is_written_is_read_back(tmp_path, name, piece, suffix):
    kind, values = piece
    folder = PieceFolder(tmp_path / "pieces")
    with folder.changing(kind):
        for other in folder.pieces(kind):
            folder.remove(other)
        (folder.path / kind / f"{name}{suffix}").write_text("{}")  # it keeps its format
        said = piece_values(kind, [layer(values)])
        folder.write(kind, name, said)
    assert find_piece(kind, name, [folder]).path.suffix == suffix
    assert named_piece(kind, name, [folder]) == said


@calm
@given(piece=pieces)
def test_a_piece_says_what_it_was_told_and_nothing_else(piece):
    kind, values = piece
    said = piece_values(kind, [layer(values)])
    assert set(said) == set(values)
    for key, value in values.items():
        assert said[key] == value if not isinstance(value, dict) else said[key].items() >= value.items()


@calm
@given(one=studies, two=studies)
def test_an_update_is_the_later_over_the_earlier(one, two):
    said = piece_values("study", [layer(one), layer(two)])
    for key in one.keys() | two.keys():
        if key == "algorithm":
            same = key in one and key in two and one[key]["use"] == two[key]["use"]
            expected = {**one[key], **two[key]} if same else two.get(key, one.get(key))
        elif key == "resources":
            expected = {**one.get(key, {}), **two.get(key, {})}
        else:
            expected = two.get(key, one.get(key))
        assert said[key] == expected


@calm
@given(one=studies)
def test_an_update_with_nothing_changes_nothing(one):
    said = piece_values("study", [layer(one)])
    assert piece_values("study", [layer(said), layer({})]) == said


@calm
@given(study=studies, space=tables, model=models, launcher=launchers, order=st.permutations(list(KINDS)))
def test_pieces_may_be_laid_over_each_other_in_any_order(study, space, model, launcher, order):
    given_values = {"study": study, "space": space, "model": model, "launcher": launcher}
    said = {kind: piece_values(kind, [layer(given_values[kind])]) for kind in KINDS}
    one = plain_study(build_study(study_layers(said), []))
    other = plain_study(build_study(study_layers({kind: said[kind] for kind in order}), []))
    assert one == other
    for kind, values in said.items():
        assert {
            owner(f"{key}.extra" if kind == "launcher" and key == "resources" else key) for key in values
        } <= {kind}
