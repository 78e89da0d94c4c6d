import json

import pytest
from attrs import frozen

from mlkernel import Choice, choice, configure, option
from mlkernel.config.layers import Assignment, Layer
from mlkernel.config.sections import build, from_plain, to_plain
from mlkernel.errors import ConfigError, PluginError


@frozen(kw_only=True)
class Venue:
    name: str = option("hall", help="Where.")
    rule: Choice = choice("rule", default="short", help="Of the house.")


@frozen(kw_only=True)
class Options:
    lr: float = option(0.1, help="Step size.")
    game: Choice = choice("game", default="cards", help="What is played.", packages={"chess": "games-chess"})
    venue: Venue = option(Venue(name="garden"), help="Where it is played.")


def layer(game, source="file.toml", **origins):
    return Layer(tree={"trainer": {"game": game}}, source=source, origins=origins)


def problem(*overrides, layers=(), options=Options):
    with pytest.raises(ConfigError) as caught:
        build(options, layers, overrides)
    return str(caught.value)


def test_the_default_component_has_its_own_defaults_and_its_code_stays_untouched(games):
    configuration = build(Options)
    assert configuration.trainer.game.config == games.CardsConfig()
    assert configuration.trainer == Options()
    assert configuration.origins == {}


def test_options_of_the_chosen_component_are_set_beside_its_name(games):
    configuration = build(
        Options, overrides=["game=board", "game.size=3", "game.rule=long", "game.rule.patience=2"]
    )
    expected = games.BoardConfig(
        size=3, rule=Choice(kind="rule", name="long", config=games.LongConfig(patience=2.0))
    )
    assert configuration.trainer.game == Choice(kind="game", name="board", config=expected)
    assert configuration.origins["trainer.game.use"] == "command line: game=board"


def test_the_order_of_overrides_does_not_matter(games):
    one = build(Options, overrides=["game.rule.patience=2", "game.rule=long", "game.size=3", "game=board"])
    other = build(Options, overrides=["game=board", "game.size=3", "game.rule=long", "game.rule.patience=2"])
    assert one == other


def test_a_file_names_the_component_in_its_table_or_in_its_place(games):
    in_table = build(Options, [layer({"use": "board", "size": 3})])
    assert in_table.trainer.game.config == games.BoardConfig(size=3)
    place = {"trainer.game": "file.toml:2"}
    in_place = build(Options, [layer("board", **place)])
    assert in_place.trainer.game.config == games.BoardConfig()
    assert in_place.origins["trainer.game.use"] == "file.toml:2"
    whole = build(Options, overrides=["game={use: board, size: 3, rule: long}"]).trainer.game
    assert (whole.config.size, whole.config.rule.name) == (3, "long")


def test_choosing_another_component_starts_from_its_defaults(games):
    lower = layer({"use": "cards", "cards": 7, "rounds": 9})
    assert build(Options, [lower], ["game=board"]).trainer.game.config == games.BoardConfig()
    middle = layer({"use": "board", "size": 2}, "middle.toml")
    back = build(Options, [lower, middle], ["game=cards", "game.cards=5"])
    assert back.trainer.game.config == games.CardsConfig(cards=5)
    assert not any("file" in origin or "middle" in origin for origin in back.origins.values())


def test_naming_the_same_component_again_keeps_what_was_given_for_it(games):
    lower = layer({"cards": 7})
    for name in ("cards", "games:cards"):
        assert build(Options, [lower], [f"game={name}"]).trainer.game.config.cards == 7


def test_a_choice_in_a_nested_class_keeps_what_the_outer_class_wants(games):
    venue = build(Options, overrides=["venue.rule=long"]).trainer.venue
    assert venue == Venue(name="garden", rule=Choice(kind="rule", name="long"))


def test_an_assignment_of_a_trial_chooses_too(games):
    trial = [Assignment(path="game", value="board", origin="trial 3")]
    configuration = build(Options, overrides=["lr=1", *trial])
    assert configuration.trainer.game.name == "board"
    assert configuration.origins["trainer.game.use"] == "trial 3"


def test_a_choice_in_a_table_is_made_by_its_value(games):
    @frozen(kw_only=True)
    class Tables:
        venues: dict[str, Venue] = option(factory=dict, help="Many.")

    tree = {"trainer": {"venues": {"a": {"rule": {"use": "long", "patience": 2}}, "b": {"rule": "short"}}}}
    configuration = build(Tables, [Layer(tree=tree, source="f")])
    assert configuration.trainer.venues["a"].rule.config == games.LongConfig(patience=2.0)
    assert from_plain(Tables, json.loads(json.dumps(to_plain(configuration)))) == configuration
    tree["trainer"]["venues"]["a"]["rule"]["use"] = "shor"
    with pytest.raises(
        ConfigError, match=r"trainer.venues.a.rule: there is no rule 'shor'; did you mean 'short'"
    ):
        build(Tables, [Layer(tree=tree, source="f")])


def test_a_component_without_options_is_made_without_a_configuration(games):
    game = build(Options, overrides=["game=dice"]).trainer.game
    assert game.config is None
    assert game.make(5).seed == 5
    assert "trainer.game.sides: unknown key of the game 'dice'" in problem("game=dice", "game.sides=6")


def test_make_passes_the_configuration_first(games):
    made = Choice(kind="game", name="board", config=games.BoardConfig(size=3)).make(7)
    assert (made.config.size, made.seed) == (3, 7)
    with pytest.raises(ConfigError, match="takes a BoardConfig, not a CardsConfig"):
        Choice(kind="game", name="board", config=games.CardsConfig()).make(7)


def test_a_component_of_a_file_is_named_by_its_absolute_path(games, tmp_path, monkeypatch):
    source = """
        from attrs import frozen
        from mlkernel import option

        class Mine:
            @frozen(kw_only=True)
            class Config:
                depth: int = option(1, help="How deep.")
    """
    import textwrap

    (tmp_path / "mine.py").write_text(textwrap.dedent(source))
    monkeypatch.chdir(tmp_path)
    configuration = build(Options, overrides=["game=./mine.py:Mine", "game.depth=2"])
    assert configuration.trainer.game.name == f"{tmp_path}/mine.py:Mine"
    monkeypatch.chdir("/")
    returned = from_plain(Options, json.loads(json.dumps(to_plain(configuration))), ["lr=1"])
    assert returned.trainer.game.config.depth == 2


def test_every_problem_is_told_at_once_with_its_origin(games):
    place = {"trainer.game.use": "file.toml:2", "trainer.game.crads": "file.toml:3"}
    told = problem("lr=fast", "venue.rule=shorty", layers=[layer({"use": "cards", "crads": 1}, **place)])
    assert "3 problems" in told
    assert "trainer.game.crads: unknown key of the game 'cards'; did you mean cards?  (file.toml:3)" in told
    assert "trainer.venue.rule: there is no rule 'shorty'; did you mean 'short' (games 1.0)?" in told
    assert "(command line: venue.rule=shorty)" in told
    assert "trainer.lr: expected float, got text 'fast'" in told


@pytest.mark.parametrize("overrides", [["game=cards", "game.size=3"], ["game.size=3"]])
def test_an_option_of_another_component_is_told_to_be_its(games, overrides):
    assert "trainer.game.size: unknown key of the game 'cards'; it is one of the game 'board'" in problem(
        *overrides
    )


def test_options_of_an_earlier_component_in_a_later_layer_are_refused(games):
    layers = [layer({"use": "board"}, "one"), layer({"cards": 5}, "two")]
    assert (
        "trainer.game.cards: unknown key of the game 'board'; it is one of the game 'cards'  (two)"
        in problem(layers=layers)
    )


def test_a_missing_package_is_named(games):
    told = problem("game=chess", "game.elo=2000")
    assert told == (
        "trainer.game: the game 'chess' is not installed; pip install games-chess  (command line: game=chess)"
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (3, "trainer.game: expected the name of a game or a table, got integer 3"),
        ({"use": 3}, "trainer.game.use: expected text, got integer 3"),
        (None, "trainer.game: expected the name of a game or a table, got null"),
        ("", "trainer.game: there is no game ''"),
    ],
)
def test_what_is_no_name_is_told(games, value, told):
    assert told.replace("text", "str") in problem(layers=[layer(value)]).replace(
        "expected text", "expected str"
    )


def test_a_required_choice_asks_for_a_name(games):
    @frozen(kw_only=True)
    class Required:
        game: Choice = choice("game", help="What is played.")

    assert problem(options=Required) == (
        "trainer.game: required: the name of a game; kernel plugin list --kind game shows what is installed"
    )
    assert build(Required, overrides=["game=board"]).trainer.game.config == games.BoardConfig()


def test_a_declaration_of_an_unknown_kind_is_the_plugins_fault(games):
    @frozen(kw_only=True)
    class Wrong:
        sport: Choice = choice("sport", default="golf", help="What is played.")

    assert "there is no kind of component 'sport'" in problem(options=Wrong)


def test_a_choice_is_annotated_as_one(games):
    @frozen(kw_only=True)
    class Wrong:
        game: str = choice("game", default="cards", help="What is played.")

    with pytest.raises(PluginError, match=r"Wrong\.game is declared by choice and annotated with str"):
        build(Wrong)


def test_what_is_given_in_python_is_checked(games):
    assert Options(game="board").game.config == games.BoardConfig()
    assert Options(game=Choice(kind="game", name="board")) == Options(game="board")
    with pytest.raises(ConfigError, match="a game is given as its name or as Choice"):
        Options(game=Choice(kind="rule", name="short"))


def test_options_of_an_older_version_of_a_component_are_migrated(games):
    old = {"use": "board", "rule": {"use": "timed", "config_version": 1, "minutes": 2}}
    configuration = build(Options, [layer(old)])
    assert configuration.trainer.game.config.rule.config == games.TimedConfig(seconds=120.0)
    tree = json.loads(json.dumps(to_plain(configuration)))
    assert tree["trainer"]["game"]["rule"] == {"use": "timed", "config_version": 2, "seconds": 120.0}
    assert from_plain(Options, tree) == configuration
    newer = layer({"use": "board", "rule": {"use": "timed", "config_version": 3}})
    assert (
        "trainer.game.rule.config_version: timed reads version 2, not 3; upgrade the package of timed"
        in problem(layers=[newer])
    )


def test_configure_chooses_and_configures_one_component(games, tmp_path):
    chosen = configure("game", "board", ["rule=long", "size=5"])
    assert (chosen.name, chosen.config.size, chosen.config.rule.name) == ("board", 5, "long")
    (tmp_path / "game.toml").write_text('[game]\nuse = "cards"\ncards = 6\n')
    assert configure("game", config_files=[tmp_path / "game.toml"]).config == games.CardsConfig(cards=6)
    assert configure("game", "dice").config is None
    with pytest.raises(ConfigError, match=r"game.crads: unknown key; did you mean cards\?"):
        configure("game", "cards", ["crads=1"])


def test_what_an_absent_class_would_choose_need_not_be_installed(games):
    @frozen(kw_only=True)
    class Tournament:
        game: Choice = choice("game", default="chess", help="What is played.")

    @frozen(kw_only=True)
    class Season:
        tournament: Tournament | None = option(None, help="At its end.")

    assert build(Season).trainer.tournament is None
    assert build(Season, overrides=["tournament.game=cards"]).trainer.tournament.game.name == "cards"
    assert "trainer.tournament.game: there is no game 'chess'" in problem("tournament={}", options=Season)
