import json

import attrs
import pytest
from core.tests.config.generated_options import configurations
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from mlkernel.config.configuration_text import configuration_text
from mlkernel.config.files import read_config_file
from mlkernel.config.layers import Layer, plain
from mlkernel.config.overrides import format_value, parse_override
from mlkernel.config.sections import RunConfiguration, build, from_plain, sections_of, to_plain
from mlkernel.errors import ConfigError

generously = settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
    ],
)


@generously
@given(trainer=configurations())
@pytest.mark.parametrize("file_format", ["toml", "yaml", "json"])
def test_a_written_configuration_is_read_back_unchanged(tmp_path, file_format, trainer):
    configuration = RunConfiguration(trainer=trainer)
    if file_format == "toml":
        assume(not _toml_refuses(configuration))
    text = configuration_text(configuration, file_format, "sample")
    path = tmp_path / f"written.{file_format}"
    path.write_text(text, encoding="utf-8", newline="")
    assert build(type(trainer), [read_config_file(path)]) == configuration


@generously
@given(trainer=configurations())
def test_the_plain_form_goes_through_json(trainer):
    configuration = RunConfiguration(trainer=trainer)
    assert from_plain(type(trainer), json.loads(json.dumps(to_plain(configuration)))) == configuration


@generously
@given(trainer=configurations())
def test_overrides_read_what_they_print(trainer):
    sections = sections_of(type(trainer))
    for option in attrs.fields(type(trainer)):
        value = plain(getattr(trainer, option.name))
        read = parse_override(f"{option.name}={format_value(value, option.type)}", sections)
        assert read.path == f"trainer.{option.name}"
        assert (type(read.value), read.value) == (type(value), value)


@generously
@given(trainer=configurations(), data=st.data())
def test_an_unknown_key_anywhere_is_told_with_its_path_beside_all_others(trainer, data):
    tree = to_plain(RunConfiguration(trainer=trainer))
    tables = list(_tables_of_classes(trainer, tree["trainer"], "trainer"))
    chosen = data.draw(st.lists(st.sampled_from(tables), min_size=1, unique_by=lambda table: table[0]))
    for _, table in chosen:
        table["zz_unknown"] = 1
    with pytest.raises(ConfigError) as caught:
        build(type(trainer), [Layer(tree=tree, source="file")])
    told = str(caught.value)
    for path, _ in chosen:
        assert f"{path}.zz_unknown: unknown key" in told
    assert told.count("unknown key") == len(chosen)


@generously
@given(trainer=configurations(), data=st.data())
def test_every_wrong_value_is_told(trainer, data):
    tree = to_plain(RunConfiguration(trainer=trainer))
    names = [option.name for option in attrs.fields(type(trainer))]
    broken = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    for name in broken:
        tree["trainer"][name] = b"of a type that no option has"
    with pytest.raises(ConfigError) as caught:
        build(type(trainer), [Layer(tree=tree, source="file")])
    told = str(caught.value)
    assert all(f"trainer.{name}: " in told for name in broken)
    assert told.count("(file)") == len(broken)


def _toml_refuses(configuration):
    """Whether it holds a null that TOML cannot tell from text or from an absent key."""
    try:
        configuration_text(configuration, "toml")
    except ConfigError as error:
        return "TOML has no null" in str(error)
    return False


def _tables_of_classes(configuration, table, path):
    yield path, table
    for option in attrs.fields(type(configuration)):
        value = getattr(configuration, option.name)
        if attrs.has(type(value)) and isinstance(table[option.name], dict):
            yield from _tables_of_classes(value, table[option.name], f"{path}.{option.name}")
