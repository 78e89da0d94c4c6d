import json

import pytest
from attrs import frozen
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mlkernel import Choice, choice, option
from mlkernel.config.configuration_text import configuration_text
from mlkernel.config.files import read_config_file
from mlkernel.config.layers import Layer
from mlkernel.config.option_rows import option_paths
from mlkernel.config.overrides import locate
from mlkernel.config.sections import RunConfiguration, build, from_plain, sections_of, settle, to_plain

generously = settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@frozen(kw_only=True)
class Evening:
    game: Choice = choice("game", default="cards", help="What is played.")
    rule: Choice = choice("rule", default="long", help="Of the house.")


@frozen(kw_only=True)
class Options:
    seed: int = option(0, help="Where chance begins.")
    game: Choice = choice("game", default="board", help="What is played first.")
    evening: Evening = option(factory=Evening, help="What is played then.")
    spare: Evening | None = option(None, help="If it rains.")


SHORT = st.fixed_dictionaries({"use": st.just("short")}, optional={"limit": st.integers()})
LONG = st.fixed_dictionaries(
    {"use": st.sampled_from(["long", "games:long"])}, optional={"patience": st.floats(allow_nan=False)}
)
RULE = SHORT | LONG | st.sampled_from(["short", "games:long"])
GAME = st.one_of(
    st.sampled_from(["cards", "board", "dice", {"use": "dice"}]),
    st.fixed_dictionaries({"use": st.just("cards")}, optional={"cards": st.integers(2)}),
    st.fixed_dictionaries({"use": st.just("board")}, optional={"size": st.integers(), "rule": RULE}),
)
EVENING = st.fixed_dictionaries({}, optional={"game": GAME, "rule": RULE})
TRAINER = st.fixed_dictionaries(
    {}, optional={"seed": st.integers(), "game": GAME, "evening": EVENING, "spare": EVENING}
)
LAYERS = st.lists(TRAINER, max_size=3)


def built(trees):
    return build(Options, [Layer(tree={"trainer": tree}, source="file") for tree in trees])


@generously
@given(trees=LAYERS)
def test_choices_are_written_and_read_back(games, trees):
    configuration = built(trees)
    tree = json.loads(json.dumps(to_plain(configuration)))
    assert from_plain(Options, tree) == configuration
    assert to_plain(from_plain(Options, tree)) == tree


@generously
@given(trees=LAYERS)
@pytest.mark.parametrize("file_format", ["toml", "yaml", "json"])
def test_files_with_choices_are_read_back(games, tmp_path, file_format, trees):
    configuration = built(trees)
    path = tmp_path / f"written.{file_format}"
    path.write_text(configuration_text(configuration, file_format), encoding="utf-8")
    assert build(Options, [read_config_file(path)]) == configuration


@generously
@given(lower=LAYERS, name=st.sampled_from(["cards", "board", "dice"]))
def test_who_chooses_last_decides_alone(games, lower, name):
    """Beside another component's name, nothing of what was given before is left."""
    before = built(lower).trainer.game
    layers = [Layer(tree={"trainer": tree}, source="file") for tree in lower]
    after = build(Options, layers, [f"game={name}"]).trainer.game
    assert after == (before if before.name == name else Choice(kind="game", name=name))


@generously
@given(trees=LAYERS)
def test_every_option_that_is_listed_can_be_located(games, trees):
    layers = [Layer(tree={"trainer": tree}, source="file") for tree in trees]
    sections = settle(sections_of(Options), layers).sections
    assert all(isinstance(locate(path, sections), tuple) for path in option_paths(sections))
    assert built(trees) == RunConfiguration(trainer=built(trees).trainer)
