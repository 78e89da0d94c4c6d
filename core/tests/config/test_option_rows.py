from typing import Optional

import pytest
from attrs import frozen
from core.tests.config.sample_options import SampleOptions

from mlkernel.cli.option_table import value_text
from mlkernel.config.json_schema import json_schema
from mlkernel.config.option import option
from mlkernel.config.option_rows import option_paths, option_rows
from mlkernel.config.sections import build, sections_of
from mlkernel.errors import PluginError

ROWS = {row.path: row for row in option_rows(SampleOptions)}


def test_every_option_has_a_row_in_the_order_of_declaration():
    assert list(ROWS) == [
        "lr", "steps", "env.name", "env.count", "env.settings", "schedule", "schedule.kind", "schedule.warmup",
        "sizes", "activation", "gamma", "device", "comment", "folder", "optimizer", "key",
    ]  # fmt: skip


def test_every_row_names_an_option_that_takes_its_default():
    for path, row in ROWS.items():
        if not row.required:
            assert build(SampleOptions, overrides=["steps=1", f"{path}={value_text(row.default)}"])
    assert option_paths(sections_of(SampleOptions))[: len(ROWS)] == list(ROWS)


def test_rows_tell_type_default_and_limits():
    assert (ROWS["lr"].type_name, ROWS["lr"].default, ROWS["lr"].limits) == ("float", 3e-4, "> 0")
    assert ROWS["steps"].required
    assert not ROWS["gamma"].required
    assert ROWS["gamma"].limits == ">= 0 and <= 1"
    assert ROWS["env.count"].default == 8, "the outer class's default, not the nested class's own"
    assert ROWS["sizes"].default == [64, 64]
    assert ROWS["activation"].type_name == "tanh | relu"
    assert ROWS["activation"].choices == ("tanh", "relu")
    assert ROWS["optimizer"].choices == ("adam", "sgd")
    assert ROWS["device"].type_name == "int | auto"
    assert ROWS["key"].secret


def test_a_prefix_goes_before_every_path():
    assert option_rows(SampleOptions, "trainer.")[0].path == "trainer.lr"


def test_a_class_that_contains_itself_is_refused():
    with pytest.raises(PluginError, match="contains itself"):
        option_rows(Recursive)


@frozen(kw_only=True)
class Recursive:
    inner: Optional["Recursive"] = option(None, help="Itself.")


def test_the_schema_follows_the_declaration():
    schema = json_schema(SampleOptions)
    assert schema["additionalProperties"] is False
    trainer = schema["properties"]["trainer"]["properties"]
    assert trainer["lr"] == {
        "type": "number",
        "exclusiveMinimum": 0,
        "description": "Step size.",
        "default": 3e-4,
    }
    assert trainer["gamma"]["anyOf"] == [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "null"}]
    assert trainer["sizes"] == {
        "type": "array", "items": {"type": "integer"}, "minItems": 1, "description": "Hidden layers.",
        "default": [64, 64],
    }  # fmt: skip
    assert trainer["activation"]["enum"] == ["tanh", "relu"]
    assert trainer["env"]["properties"]["count"]["minimum"] == 1
    assert trainer["env"]["additionalProperties"] is False
    assert trainer["key"]["anyOf"][0]["pattern"] == "^env:.+"
    assert trainer["device"]["anyOf"] == [{"type": "integer"}, {"enum": ["auto"]}]
    assert set(schema["properties"]) == {"version", "trainer", "run", "checkpoint"}
    assert {"use", "config_version"} <= set(trainer)
