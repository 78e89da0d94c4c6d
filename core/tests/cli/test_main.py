from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
from core.tests.site_folder import SiteFolder

from mlkernel.cli.main import COMMANDS, build_parser, main


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_exists_and_explains_itself(command: str, capsys: pytest.CaptureFixture[str]):
    assert import_module(COMMANDS[command][0]).run
    with pytest.raises(SystemExit) as end:
        raise SystemExit(main([command, "--help"]))
    assert end.value.code == 0
    assert f"usage: kernel {command}" in capsys.readouterr().out


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    listed = capsys.readouterr().out.split()
    assert set(COMMANDS) <= set(listed)


def test_a_misspelt_command_gets_a_suggestion(capsys: pytest.CaptureFixture[str]):
    assert main(["pluign", "list"]) == 2
    assert "did you mean 'plugin'?" in capsys.readouterr().err


def test_an_error_is_its_message_and_what_to_do(site_folder: SiteFolder, capsys: pytest.CaptureFixture[str]):
    assert main(["plugin", "show", "no-such-plugin"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: no plugin and no component is called 'no-such-plugin'",
        "  → kernel plugin list shows all that are installed.",
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["show", "--trainer", "none-such", "lr=1", "--json", "seed=2"],
        ["show", "lr=1", "--trainer", "none-such", "seed=2"],
        ["show", "--trainer=none-such", "lr=1", "seed=2"],
    ],
)
def test_options_may_stand_on_both_sides_of_a_flag(words: list[str]):
    parsed = build_parser(["config", *words]).parse_args(["config", *words])
    assert parsed.trainer == "none-such"
    assert parsed.overrides == ["lr=1", "seed=2"]


def test_an_unknown_flag_is_refused_with_the_usage_of_its_command(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        main(["config", "show", "lr=1", "--jsn"])
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("usage: kernel config show")
    assert "unrecognized arguments: --jsn" in told


@pytest.mark.parametrize(
    "words", [["--traceback", "plugin", "show", "none-such"], ["plugin", "show", "none-such", "--traceback"]]
)
def test_a_traceback_is_shown_when_asked_for(
    site_folder: SiteFolder, capsys: pytest.CaptureFixture[str], words: list[str]
):
    assert main(words) == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_traceback_is_shown_when_the_environment_asks_for_it(
    site_folder: SiteFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MLKERNEL_TRACEBACK", "1")
    assert main(["plugin", "show", "none-such"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_warning_for_users_is_one_line(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_newer", more="api=(1, 99)")
    answer = site_folder.kernel("run", "--trainer", "first", "--help")
    assert answer.returncode == 0
    (line,) = answer.stderr.splitlines()
    assert line.startswith("warning: trainer 'first' (acme 1.0) was made for version 1.99")


def test_a_reader_that_leaves_early_is_no_error(site_folder: SiteFolder):
    kernel = subprocess.Popen(
        [sys.executable, "-m", "mlkernel", "plugin", "list"],
        env=site_folder.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    kernel.stdout.close()
    with kernel:
        assert kernel.stderr.read() == b""
    assert kernel.returncode == 0
