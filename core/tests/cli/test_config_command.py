from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mlkernel.cli.main import main

TRAINER = '''
"""A trainer in one file."""

from attrs import frozen, validators

from mlkernel import option


@frozen(kw_only=True)
class Inner:
    name: str = option("CartPole-v1", help="Identifier.")


@frozen(kw_only=True)
class Options:
    lr: float = option(3e-4, help="Step size of the optimizer.", validator=validators.gt(0))
    inner: Inner = option(Inner(), help="Nested.")
    comment: str | None = option("none yet", help="Anything.")


class Sample:
    """Trains nothing."""

    Config = Options
'''


@pytest.fixture
def trainer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    (tmp_path / "sample.py").write_text(TRAINER)
    return "./sample.py:Sample"


def told(capsys, *words, exit_code=0):
    assert main(["config", *words]) == exit_code
    captured = capsys.readouterr()
    return captured.out if exit_code == 0 else captured.err


def test_show_prints_every_value_with_its_origin(capsys, trainer, tmp_path):
    (tmp_path / "a.toml").write_text(f'[trainer]\nuse = "{trainer}"\nlr = 0.5\n')
    lines = told(capsys, "show", "-c", "a.toml", "inner.name=X", "run.seed=3").splitlines()
    words = [line.split(maxsplit=4) for line in lines]
    assert ["trainer.lr", "=", "0.5", "#", "a.toml:3"] in words
    assert ["trainer.inner.name", "=", "X", "#", "command line: inner.name=X"] in words
    assert ["checkpoint.keep_last", "=", "2", "#", "default"] in words


def test_show_json_has_the_configuration_and_the_origins(capsys, trainer):
    shown = json.loads(told(capsys, "show", "-t", trainer, "--json", "lr=1"))
    assert shown["configuration"]["trainer"]["lr"] == 1.0
    assert shown["origins"] == {"trainer.lr": "command line: lr=1"}


@pytest.mark.parametrize("file_format", ["toml", "yaml"])
def test_what_show_writes_is_a_valid_file_that_gives_the_same(capsys, trainer, tmp_path, file_format):
    overrides = ["lr=0.5", "checkpoint.every_seconds=null", "run.name=a # b"]
    written = told(capsys, "show", "-t", trainer, f"--{file_format}", *overrides)
    path = tmp_path / f"written.{file_format}"
    path.write_text(written)
    assert told(capsys, "validate", str(path)).startswith(f"{path}: valid for trainer 'Sample'")
    again = json.loads(told(capsys, "show", "-c", str(path), "--json"))
    first = json.loads(told(capsys, "show", "-t", trainer, "--json", *overrides))
    assert again["configuration"] == first["configuration"]


def test_a_null_that_toml_cannot_express_is_told(capsys, trainer):
    assert "trainer.comment: TOML has no null" in told(
        capsys, "show", "-t", trainer, "--toml", "comment=null", exit_code=2
    )


def test_validate_checks_all_files_and_tells_all_problems(capsys, trainer, tmp_path):
    (tmp_path / "good.yaml").write_text("trainer: {lr: 1}\n")
    (tmp_path / "bad.yaml").write_text("trainer:\n  lrr: 1\n  inner:\n    name: 3\n")
    (tmp_path / "broken.json").write_text("{")
    assert main(["config", "validate", "-t", trainer, "broken.json", "bad.yaml", "good.yaml"]) == 2
    captured = capsys.readouterr()
    assert "broken.json:1:2: not valid JSON" in captured.err
    assert "trainer.lrr: unknown key; did you mean lr?  (bad.yaml:2)" in captured.err
    assert "trainer.inner.name: expected str, got integer 3  (bad.yaml:4)" in captured.err
    assert captured.out.startswith("good.yaml: valid")


def test_without_a_trainer_it_is_asked_for(capsys, trainer):
    assert "no trainer was named" in told(capsys, "show", exit_code=2)


def test_schema_is_json(capsys, trainer):
    schema = json.loads(told(capsys, "schema", "-t", trainer))
    assert schema["properties"]["trainer"]["properties"]["lr"]["exclusiveMinimum"] == 0


def test_help_lists_the_options_of_the_trainer_wherever_it_is_named(capsys, trainer, tmp_path):
    (tmp_path / "a.toml").write_text(f'[trainer]\nuse = "{trainer}"\n')
    before = told(capsys, "show", "--help", "-t", trainer)
    assert before == told(capsys, "show", "-t", trainer, "-h")
    assert "inner.name" in told(capsys, "show", "-c", "a.toml", "--help")
    rows = [line.split(maxsplit=3) for line in before.splitlines()]
    assert ["lr", "float", "0.0003", "Step size of the optimizer. (> 0)"] in rows
    assert ["path", "type", "default", "help"] in rows
    assert "checkpoint.keep_last" in before


def test_help_without_a_trainer_lists_the_flags(capsys, trainer):
    assert "--config FILE" in told(capsys, "show", "--help")


def test_help_fits_a_narrow_terminal(capsys, trainer, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = told(capsys, "show", "-t", trainer, "-h").splitlines()
    tables = [line for line in lines if line.startswith("  ")]
    assert max(map(len, tables)) <= 60
    assert "  lr: float = 0.0003" in tables


def test_help_of_a_trainer_imports_nothing_heavy(trainer):
    program = (
        "import sys; from mlkernel.cli.main import main; main(['config', 'show', '-t', sys.argv[1], '--help']);"
        "print([name for name in ('torch', 'numpy', 'rich', 'structlog', 'cattrs', 'yaml') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, trainer], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.splitlines()[-1] == "[]"


CHOOSING = '''
from attrs import frozen
from mlkernel import Choice, choice


class Player:
    """Plays."""

    @frozen(kw_only=True)
    class Config:
        game: Choice = choice("game", default="cards", help="What is played.")
'''


@pytest.fixture
def player(games, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "player.py").write_text(CHOOSING)
    return "./player.py:Player"


def help_of(capsys, *words):
    assert main(["run", *words, "--help"]) == 0
    return capsys.readouterr().out


def test_help_lists_the_options_of_chosen_components_under_their_own_headings(capsys, player):
    text = help_of(capsys, "--trainer", player)
    assert "game  name of a game  cards    What is played." in text
    assert "game=cards (games 1.0): Cards." in text
    assert "game.cards" in text
    assert "game.size" not in text
    assert f"Or game=board, dice: kernel run --trainer {player} game=board --help lists" in text


def test_help_lists_those_of_another_component_that_the_line_or_a_file_chooses(capsys, player, tmp_path):
    text = help_of(capsys, "--trainer", player, "game=board")
    assert "game.rule=short (games 1.0): Short." in text
    assert f"kernel run --trainer {player} game=board game.rule=long --help" in text
    assert f"Or game=cards, dice: kernel run --trainer {player} game=cards --help" in text
    (tmp_path / "a.toml").write_text(f'[trainer]\nuse = "{player}"\ngame = "dice"\n')
    assert "game=dice (games 1.0): Dice.\n  no options" in help_of(capsys, "--config", "a.toml")


def test_help_says_what_is_not_installed_and_lists_the_rest(capsys, player):
    text = help_of(capsys, "--trainer", player, "game=cord")
    assert (
        "trainer.game: there is no game 'cord'; did you mean 'board' (games 1.0)?" in text or "card" in text
    )
    assert "Section run:" in text


def test_a_configuration_with_choices_is_shown_as_a_file(capsys, player, tmp_path):
    text = told(capsys, "show", "--trainer", player, "game=board", "game.size=3", "--toml")
    assert '[trainer.game]\nuse = "board"  # command line: game=board\nsize = 3' in text
    assert '[trainer.game.rule]\nuse = "short"' in text
    (tmp_path / "b.toml").write_text(text)
    assert told(capsys, "validate", "b.toml", "--trainer", player).startswith("b.toml: valid")


def test_the_schema_describes_the_chosen_component_and_admits_others(capsys, player):
    schema = json.loads(told(capsys, "schema", "--trainer", player, "game=board"))
    name, table, other = schema["properties"]["trainer"]["properties"]["game"]["anyOf"]
    assert name == {"type": "string"}
    assert table["properties"]["use"]["const"] == "board"
    assert table["properties"]["size"]["type"] == "integer"
    assert other["properties"]["use"]["not"] == {"const": "board"}
    assert "there is no game 'bord'; did you mean 'board'" in told(
        capsys, "schema", "--trainer", player, "game=bord", exit_code=2
    )
