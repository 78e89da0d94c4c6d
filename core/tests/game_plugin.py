"""A distribution with two kinds of component, of which one chooses components of the other."""

from __future__ import annotations

from .site_folder import SiteFolder

GAMES = """
    from attrs import frozen, validators
    from mlkernel import Choice, Descriptor, Kind, choice, option

    game = Kind(name="game", summary="A game.")
    rule = Kind(name="rule", summary="A rule of a game.")
    cards = Descriptor(name="cards", summary="Cards.", factory="no_such_module:cards", config="games:CardsConfig")
    board = Descriptor(name="board", summary="A board.", factory="games:Board", config="games:BoardConfig")
    dice = Descriptor(name="dice", summary="Dice.", factory="games:Dice")
    short = Descriptor(name="short", summary="Short.", factory="games:Short", config="games:ShortConfig")
    timed = Descriptor(
        name="timed", summary="By the clock.", factory="games:Timed", config="games:TimedConfig",
        config_version=2, migrate="games:with_seconds",
    )
    long = Descriptor(name="long", summary="Long.", factory="games:Long", config="games:LongConfig")


    @frozen(kw_only=True)
    class CardsConfig:
        cards: int = option(4, help="How many.", validator=validators.ge(2))
        rounds: int = option(3, help="How many.")


    @frozen(kw_only=True)
    class ShortConfig:
        limit: int = option(10, help="Of moves.")


    @frozen(kw_only=True)
    class LongConfig:
        patience: float = option(1.0, help="In hours.")


    @frozen(kw_only=True)
    class TimedConfig:
        seconds: float = option(60.0, help="For each move.")


    def with_seconds(values, from_version):
        return {"seconds": values.pop("minutes") * 60.0, **values}


    @frozen(kw_only=True)
    class BoardConfig:
        size: int = option(8, help="Of a side.")
        rounds: int = option(1, help="How many.")
        rule: Choice = choice("rule", default="short", help="When it ends.")


    class Board:
        def __init__(self, config, seed):
            self.config, self.seed = config, seed


    class Dice:
        def __init__(self, seed):
            self.seed = seed
"""

NAMES = {"kinds": ["game", "rule"], "games": ["cards", "board", "dice"], "rules": ["short", "long", "timed"]}


def install_games(site_folder: SiteFolder) -> None:
    """Install it."""
    points = {
        f"mlkernel.{group}": {name: f"games:{name}" for name in found} for group, found in NAMES.items()
    }
    site_folder.install("games", {"games": GAMES}, points)
