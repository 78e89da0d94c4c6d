"""Search spaces survive being written and read, in every form."""

from __future__ import annotations

import json
import math
import tomllib

import pytest
from attrs import frozen
from core.tests.study.spaces import dimensions, spaces
from hypothesis import example, given
from hypothesis import strategies as st

from mlkernel import ConfigError, option, parse_space, read_space, read_space_file
from mlkernel.cli.main import main
from mlkernel.config.layers import Assignment
from mlkernel.study.engine.study_file import read_study_file
from mlkernel.study.engine.study_settings import build_study
from mlkernel.study.space.option_check import option_problems
from mlkernel.study.space.table_form import to_table
from mlkernel.study.space.text_form import (
    format_assignment,
    format_dimension,
    parse_assignment,
    parse_dimension,
)
from mlkernel.study.space.value_lists import Fixed


@given(spaces(), st.lists(st.sampled_from(["part.p0 == 1", "not part.p0 in [1, 'a']"]), max_size=2))
def test_json_holds_a_space_without_loss(space, constraints):
    whole = read_space({**to_table(space), "constraints": constraints})
    assert read_space(json.loads(json.dumps(to_table(whole)))) == whole
    assert [constraint.text for constraint in whole.constraints] == constraints


@given(dimensions)
@example(Fixed(value=""))
def test_text_holds_a_dimension_without_loss(dimension):
    assert parse_dimension(format_dimension(dimension)) == dimension


@given(spaces())
def test_the_command_line_holds_a_space_without_loss(space):
    texts = [format_assignment(parameter) for parameter in space.parameters]
    assert parse_space(texts) == space


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("lr=loguniform(1e-5,1e-2)", {"method": "loguniform", "low": 1e-5, "high": 1e-2}),
        (
            "lr = loguniform( high=1e-2, low=1e-5, bins=3 )",
            {"method": "loguniform", "low": 1e-5, "high": 1e-2, "bins": 3},
        ),
        ("h=[[64,64],[128]]", {"method": "categorical", "values": [[64, 64], [128]]}),
        ("h=choice([relu, tanh])", {"method": "categorical", "values": ["relu", "tanh"]}),
        (
            "h=categorical([1, 2], grid_search=true)",
            {"method": "categorical", "values": [1, 2], "grid_search": True},
        ),
        ("n=uniformint(16,64)", {"method": "uniformint", "low": 16, "high": 64}),
        ('b="(1,2)"', {"method": "fixed", "value": "(1,2)"}),
        ("b=32", {"method": "fixed", "value": 32}),
        ("name=CartPole-v1", {"method": "fixed", "value": "CartPole-v1"}),
        ("size=ordinal([small, large])", {"method": "ordinal", "values": ["small", "large"]}),
    ],
)
def test_texts_mean_tables(text, table):
    name = text.partition("=")[0].strip()
    assert parse_space([text]) == read_space({name: table})
    assert parse_assignment(text).name == name


def test_conditions_are_typed_after_when():
    space = parse_space(
        ["a=[x, y]", "b=[1, 2] when a=x", 'c="1 when a=x"', "d=uniform(0,1) when a=[x,y] and b=1"]
    )
    assert to_table(space)["d"]["when"] == {"a": ["x", "y"], "b": [1]}
    assert to_table(space)["c"] == {"method": "fixed", "value": "1 when a=x"}


def test_every_wrong_text_is_listed_with_what_to_do():
    with pytest.raises(ConfigError) as error:
        parse_space(
            [
                "lr=loguniform(1e-5)",
                "x=unifrm(1,2)",
                "y",
                "z=uniform(1,2,3)",
                "w=uniform(1,low=2)",
                "v=",
                "u=(1,2)",
            ]
        )
    message = str(error.value)
    for words in (
        "lr: loguniform needs high  (command line: lr=loguniform(1e-5))",
        "x: no method is named 'unifrm'; did you mean uniform",
        "y: 'y' is no parameter; Write name=dimension",
        "z: uniform takes low, high; 3 is one too many",
        "w: uniform is given low twice",
        "v: no dimension is given",
        'u: (1,2) is no dimension; [1,2] is a choice, uniform(1,2) a range, and "(1,2)" the text',
    ):
        assert words in message


STUDY = """
[space]
"trainer.lr" = "loguniform(1e-5, 1e-2)"
constraints = ["trainer.steps < 64 or trainer.lr < 1e-3"]

[space.trainer]
batch = [32, 64]
gamma = 0.99

[space.trainer.steps]
method = "uniformint"
low = 16
high = 128

[space.trainer.clip]
method = "uniform"
low = 0.1
high = 0.3
when = { "trainer.batch" = 64 }
"""


def test_toml_files_nest_names_and_tables(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    expected = parse_space(
        [
            "trainer.lr=loguniform(1e-5,1e-2)",
            "trainer.batch=[32,64]",
            "trainer.gamma=0.99",
            "trainer.steps=uniformint(16,128)",
            "trainer.clip=uniform(0.1,0.3) when trainer.batch=64",
        ],
        ["trainer.steps < 64 or trainer.lr < 1e-3"],
    )
    assert read_space_file(path) == expected == read_space(tomllib.loads(STUDY)["space"])


def test_faults_in_files_are_listed_with_their_lines(tmp_path):
    path = tmp_path / "space.toml"
    path.write_text('lr = "loguniform(-1, 2)"\n[steps]\nmethod = "uniformint"\nlow = 1\nhihg = 3\n')
    with pytest.raises(ConfigError) as error:
        read_space_file(path)
    message = str(error.value)
    assert f"({path}:1)" in message
    assert "steps: uniformint has no argument 'hihg'; did you mean high?; uniformint needs high" in message
    assert f"({path}:2)" in message


def test_hpogrid_spaces_are_read():
    space = read_space(
        {
            "lr": {"method": "loguniform", "dimension": {"low": 1e-5, "high": 1e-2, "base": 10}},
            "batch": {"method": "categorical", "dimension": {"categories": [32, 64], "grid_search": 1}},
            "layers": {"method": "uniformint", "dimension": {"low": 1, "high": 3}},
            "width": {"method": "qloguniform", "dimension": {"low": 8, "high": 64, "q": 8, "base": None}},
            "scale": {"method": "lognormal", "dimension": {"mu": 1, "sigma": 0.5, "base": 10}},
            "epochs": {"method": "fixed", "dimension": {"value": 4}},
        }
    )
    texts = [
        "lr=loguniform(1e-5,1e-2)",
        "batch=categorical([32,64],grid_search=true)",
        "layers=uniformint(1,3)",
        "width=qloguniform(8,64,8)",
        f"scale=lognormal({math.log(10)!r},{0.5 * math.log(10)!r})",
        "epochs=4",
    ]
    assert space == parse_space(texts)


def test_faults_in_hpogrid_spaces_are_listed():
    with pytest.raises(ConfigError) as error:
        read_space(
            {
                "lr": {"method": "loguniform", "dimension": {"low": -5, "high": -2}},
                "n": {"method": "uniform_int", "dimension": {"low": 1, "high": 2}},
                "s": {"method": "lognormal", "dimension": {"mu": 1, "sigma": 1, "base": 1}},
                "t": {"dimension": {}},
            }
        )
    message = str(error.value)
    assert "lr: low must be positive" in message
    assert "n: no method is named 'uniform_int'; did you mean uniformint" in message
    assert "s: base must be a positive number other than 1" in message
    assert "t: a method and a table dimension expected" in message


SECTIONS = {
    "real": {
        "train:lrate": {"begin": 1e-4, "end": 1e-2, "prior": "log-uniform"},
        "l2": {"begin": 0, "end": 1, "bins": 3},
    },
    "integer": {"model:net/width": {"begin": 16, "end": 64, "prior": "uniform"}},
    "categorical": {"act": ["relu", "tanh"]},
}


@pytest.mark.parametrize(
    "table", [SECTIONS, {"search_params": SECTIONS}, {"search_type": "grid", "params_to_search": SECTIONS}]
)
def test_spaces_of_both_generations_of_mle_toolbox_are_read(table):
    texts = [
        "train_config.lrate=loguniform(1e-4,1e-2)",
        "l2=uniform(0,1,bins=3)",
        "model_config.net.width=uniformint(16,64)",
        "act=[relu,tanh]",
    ]
    assert read_space(table) == parse_space(texts)


def test_faults_in_mle_toolbox_spaces_are_listed():
    with pytest.raises(ConfigError) as error:
        read_space(
            {"real": {"a": {"begin": 0, "prior": "loguniform"}, "b": {"begin": 0, "end": 1, "bin": 2}}}
        )
    message = str(error.value)
    assert "real.a: no prior is named 'loguniform'; did you mean log-uniform?; end is missing" in message
    assert "real.b: unknown key 'bin'; did you mean bins" in message


@frozen(kw_only=True)
class TrainerConfig:
    lr: float = option(1e-3, help="Step size.")
    steps: int = option(8, help="Steps.")
    hidden: tuple[int, ...] = option((64,), help="Widths.")
    label: str | None = option(None, help="A label.")


def test_parameters_must_be_options_and_values_of_their_types():
    space = parse_space(
        [
            "trainer.lr=loguniform(1e-5,1)",
            "steps=quniform(2,8,2)",
            "hidden=[[64,64],[128]]",
            "label=[a, null]",
        ]
    )
    assert option_problems(space, {"trainer": TrainerConfig}) == []
    wrong = parse_space(["lrr=uniform(0,1)", "steps=uniform(1,9)", "hidden=[[64],big]"])
    problems = [str(problem) for problem in option_problems(wrong, {"trainer": TrainerConfig})]
    assert len(problems) == 3
    assert "did you mean lr" in problems[0]
    assert "the option is a int; write uniformint" in problems[1]
    assert "'big'" in problems[2]


@pytest.mark.parametrize("section", ["", "study."])
def test_what_is_wrong_with_the_space_of_a_study_file_has_its_line(tmp_path, capsys, section):
    file = tmp_path / "st.toml"
    top = f"[{section.rstrip('.')}]" if section else "# keys"
    file.write_text(
        f'{top}\ntrainer = "f.py:f"\ntrials = 0\n[{section}space]\nx = "unifrom(0, 1)"\n'
        f'y = ""\n[{section}space.part]\nz = "uniform(1, 0)"\n'
    )
    assert main(["search", str(file)]) == 2
    told = capsys.readouterr().err
    assert "  x: no method is named 'unifrom'; did you mean uniform" in told
    assert f"  ({file}:5)\n" in told
    assert "  y: no dimension is given" in told
    assert f"({file}:6)\n" in told
    assert "  part.z: " in told
    assert f"({file}:8)\n" in told
    assert "  study.trials: must be >= 1: 0" in told, "together with all else"


def test_what_leads_nowhere_in_the_space_of_a_study_file_has_its_line(tmp_path, capsys):
    file = tmp_path / "st.yaml"
    file.write_text('trainer: "f.py:f"\nspace:\n  x: "[1, 2] when b=1"\n  a: "[1, 2]"\n')
    assert main(["search", str(file)]) == 2
    assert f"which is no parameter of the space; known: x, a  ({file}:3)\n" in capsys.readouterr().err


def test_a_space_that_options_replace_is_not_looked_at(tmp_path):
    file = tmp_path / "st.toml"
    file.write_text('trainer = "f.py:f"\n[space]\nx = "unifrom(0, 1)"\n')
    other = Assignment(path="study.space", value={"x": "uniform(0, 1)"}, origin="command line")
    assert build_study([read_study_file(file)], [other]).space == other.value


def test_a_parameter_without_an_equals_sign_is_no_file(capsys):
    assert main(["search", "--trainer", "./f.py:f", "--space", "x uniform(-1,1)"]) == 2
    said = capsys.readouterr().err
    assert "--space 'x uniform(-1,1)' names no file, and as a parameter lacks a =" in said
    assert "NAME=DIMENSION" in said
    assert main(["search", "--trainer", "./f.py:f", "--space", "absent.toml"]) == 2
    assert "absent.toml cannot be read" in capsys.readouterr().err
