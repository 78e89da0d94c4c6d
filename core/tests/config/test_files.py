import pytest
from core.tests.config.sample_options import SampleOptions

from mlkernel.config.files import read_config_file
from mlkernel.config.sections import build
from mlkernel.errors import ConfigError

TOML = """\
version = 1

[trainer]  # the section
use = "sample"
steps = 1
sizes = [
    1,
    2,
]
comment = '''
lr = 5
'''
env."name" = "X"

[trainer.env.settings]
gravity = 9.8

[run]
seed = 3
"""
YAML = """\
version: 1
trainer:
  use: sample
  steps: 1
  lr: 1e-3
  comment: no
  sizes:
    - 1
    - 2
  env: {name: X}
run:
  seed: 3
"""
JSON = """\
{
\t"version": 1,
\t"trainer": {
\t\t"use": "sample",
\t\t"steps": 1,
\t\t"sizes": [1,
\t\t2]
\t}
}
"""


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        (
            "a.toml",
            TOML,
            {"trainer": 3, "trainer.steps": 5, "trainer.env.name": 13, "trainer.env.settings.gravity": 16},
        ),
        ("a.yaml", YAML, {"trainer": 2, "trainer.steps": 4, "trainer.sizes[1]": 9, "trainer.env.name": 10}),
        ("a.json", JSON, {"trainer": 3, "trainer.steps": 5, "trainer.sizes[1]": 7}),
    ],
)
def test_every_value_has_its_line(write, name, text, lines):
    path = write(name, text)
    layer = read_config_file(path)
    assert {place: layer.origins[place] for place in lines} == {
        place: f"{path}:{line}" for place, line in lines.items()
    }
    assert build(SampleOptions, [layer]).trainer.steps == 1


def test_text_that_looks_like_toml_is_no_place(write):
    assert "trainer.lr" not in read_config_file(write("a.toml", TOML)).origins


def test_tables_in_lists_have_their_lines(write):
    layer = read_config_file(write("a.toml", "[[trainer.stages]]\nlr = 1\n[[trainer.stages]]\nlr = 2\n"))
    assert layer.origins["trainer.stages[1].lr"].endswith("a.toml:4")


def test_yaml_has_the_words_of_its_core_schema(write):
    layer = read_config_file(
        write(
            "a.yml",
            "trainer: {a: 1e-3, b: no, c: 010, d: 2026-01-01, e: 0x10, f: .inf, g: ~, h: 1_000, i: '1', j: on}",
        )
    )
    assert layer.tree["trainer"] == {
        "a": 0.001, "b": "no", "c": "010", "d": "2026-01-01", "e": 16, "f": float("inf"), "g": None, "h": 1000,
        "i": "1", "j": "on",
    }  # fmt: skip


def test_yaml_anchors_and_merges(write):
    text = "base: &base\n  lr: 1\n  steps: 2\ntrainer:\n  <<: *base\n  steps: 3\n"
    layer = read_config_file(write("a.yaml", text))
    assert layer.tree["trainer"] == {"lr": 1, "steps": 3}
    assert layer.origins["trainer.steps"].endswith(":6")
    assert layer.origins["trainer.lr"].endswith(":2")


def test_json_may_have_comments(write):
    text = (
        '{\n  # "steps": 2,\n  "trainer": {"comment": "a # and // b"}, // the rest\n  "run": {"name": 1}\n}\n'
    )
    layer = read_config_file(write("a.json", text))
    assert layer.tree == {"trainer": {"comment": "a # and // b"}, "run": {"name": 1}}
    assert layer.origins["run.name"].endswith(":4")


def test_null_in_toml_is_a_word_where_text_is_not_admitted(write):
    text = '[trainer]\nsteps = 1\ngamma = "null"\ncomment = "null"\n[checkpoint]\nevery_seconds = "null"\n'
    configuration = build(SampleOptions, [read_config_file(write("a.toml", text))])
    assert configuration.checkpoint.every_seconds is None
    assert configuration.trainer.gamma is None
    assert configuration.trainer.comment == "null"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.toml", "[trainer]\nlr = = 1\n", "a.toml:2:6: not valid TOML: Invalid value"),
        ("a.toml", "[trainer]\nlr = 1\nlr = 2\n", "not valid TOML: Cannot overwrite a value"),
        (
            "a.yaml",
            "trainer:\n  lr: [1\nrun: 2\n",
            "a.yaml:3:4: not valid YAML: while parsing a flow sequence",
        ),
        (
            "a.yaml",
            "trainer: !!python/object:os.system {}\n",
            "a.yaml:1:10: not valid YAML: could not determine a constructor",
        ),
        ("a.yaml", "trainer: &a [*a]\n", "a.yaml:1:10: not valid YAML: a value that contains itself"),
        ("a.yaml", "trainer: \x01", "a.yaml: not valid YAML: unacceptable character #x0001"),
        ("a.json", '{\n "trainer": {,}\n}', "a.json:2:14: not valid JSON: Expecting property name"),
        ("a.txt", "", "the format of"),
    ],
)
def test_broken_files_are_told_with_line_and_column(write, name, text, told):
    with pytest.raises(ConfigError) as caught:
        read_config_file(write(name, text))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.yaml", "trainer:\n  lr: 1\n  lr: 2\n", "trainer.lr: given twice in one table"),
        ("a.json", '{"trainer":\n{"lr": 1,\n"lr": 2}}', "trainer.lr: given twice in one table"),
        ("a.yaml", "trainer:\n  lr: 1\n  3: 2\n", "trainer.3: keys are text; put it in quotes"),
    ],
)
def test_misplaced_keys_are_told_with_their_line(write, name, text, told):
    path = write(name, text)
    with pytest.raises(ConfigError) as caught:
        build(SampleOptions, [read_config_file(path)], ["steps=1"])
    assert f"{told}  ({path}:3)" in str(caught.value)


def test_a_file_without_sections_is_told(write):
    with pytest.raises(ConfigError, match="a table expected at the top"):
        build(SampleOptions, [read_config_file(write("a.yaml", "- 1\n"))], ["steps=1"])
    assert build(SampleOptions, [read_config_file(write("b.yaml", "# empty\n"))], ["steps=1"])


def test_unreadable_files_are_told(tmp_path, write):
    with pytest.raises(ConfigError, match=r"nowhere\.toml cannot be read: No such file or directory"):
        read_config_file(tmp_path / "nowhere.toml")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_config_file(tmp_path / "folder.yaml")
    (tmp_path / "latin.toml").write_bytes('name = "é"'.encode("latin-1"))
    with pytest.raises(ConfigError, match="no text in UTF-8"):
        read_config_file(tmp_path / "latin.toml")
