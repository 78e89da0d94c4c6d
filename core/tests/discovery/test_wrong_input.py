"""Plugins and names that are wrong, met as a user meets them: one screen, exit code 2, no run directory."""

from __future__ import annotations

import pytest
from core.tests.site_folder import SiteFolder

SCREEN_LINES = 24


def refusal(site_folder: SiteFolder, trainer: str, **environment: str) -> str:
    """Run the trainer, which must be refused, and return what is said."""
    answer = site_folder.kernel("run", "--trainer", trainer, **environment)
    assert answer.returncode == 2, answer.stderr
    assert answer.stdout == ""
    assert answer.stderr.startswith("error: ")
    assert len(answer.stderr.splitlines()) <= SCREEN_LINES
    assert "Traceback" not in answer.stderr
    assert list(site_folder.workplace.glob("runs/*")) == []
    return answer.stderr


def test_an_unknown_trainer(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "proximal", module="acme_unknown")
    message = refusal(site_folder, "proximla")
    assert "there is no trainer 'proximla'; did you mean 'proximal' (acme 1.0)?" in message


@pytest.mark.parametrize(
    ("before", "cause"),
    [
        ("raise RuntimeError('reason' * 100 + '\\nmore' * 100)", "RuntimeError: reason"),
        ("raise SystemExit('reason')", "SystemExit: reason"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def broken(:", "SyntaxError: invalid syntax"),
    ],
)
def test_a_plugin_that_raises_on_import(site_folder: SiteFolder, before: str, cause: str):
    site_folder.install_trainer("acme", "first", module="acme_raising", before=before)
    message = refusal(site_folder, "first")
    assert "trainer 'first' (acme 1.0) cannot be loaded" in message
    assert cause in message
    assert "acme_raising.py:2" in message
    assert "kernel plugin doctor acme:first" in message


def test_a_configuration_that_raises_on_import(site_folder: SiteFolder):
    site_folder.install_trainer(
        "acme", "first", module="acme_config_raises", more="config='acme_settings:Config'"
    )
    (site_folder.path / "acme_settings.py").write_text("raise RuntimeError('reason')\n")
    assert "RuntimeError: reason" in refusal(site_folder, "first")


def test_two_plugins_with_one_name(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_one_name")
    site_folder.install_trainer("other", "first", module="other_one_name")
    message = refusal(site_folder, "first")
    assert "acme 1.0 and other 1.0" in message
    assert "Write acme:first or other:first" in message


@pytest.mark.parametrize(("api", "upgrade"), [("(9, 0)", "mlkernel"), ("(0, 3)", "acme")])
def test_a_plugin_made_for_another_api_version(site_folder: SiteFolder, api: str, upgrade: str):
    site_folder.install_trainer("acme", "first", module="acme_versions", more=f"api={api}")
    assert f"pip install --upgrade {upgrade}\n" in refusal(site_folder, "first")


def test_a_plugin_whose_dependency_is_missing(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_dependency", more="needs=('no_such_module',)")
    message = refusal(site_folder, "first")
    assert "needs 'no_such_module', which is not installed" in message
    assert "pip install no_such_module" in message


def test_a_blocked_plugin(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_is_blocked")
    message = refusal(site_folder, "first", MLKERNEL_BLOCKED_PLUGINS="acme")
    assert "'first' of acme is blocked (MLKERNEL_BLOCKED_PLUGINS)" in message


def test_a_plugin_that_was_blocked_by_command_tells_the_way_back(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_by_command")
    assert site_folder.kernel("plugin", "block", "trainer:first").returncode == 0
    assert "kernel plugin unblock trainer:first\n" in refusal(site_folder, "first")
    assert site_folder.kernel("plugin", "unblock", "trainer:first").returncode == 0
    assert site_folder.kernel("run", "--trainer", "first", "--help").returncode == 0


def test_a_file_that_does_not_exist(site_folder: SiteFolder):
    assert "none.py does not exist" in refusal(site_folder, "./none.py:Mine")


def test_a_file_that_cannot_be_read(site_folder: SiteFolder):
    file = site_folder.home / "mine.py"
    file.write_bytes(b"\x7fELF\x00\xff")
    assert f"trainer {file}:Mine cannot be loaded" in refusal(site_folder, f"{file}:Mine")


def test_a_file_without_the_class(site_folder: SiteFolder):
    file = site_folder.home / "mine.py"
    file.write_text("class Mine: ...\n")
    message = refusal(site_folder, f"{file}:Mein")
    assert "has no 'Mein'" in message
    assert "Did you mean 'Mine'?" in message


def test_broken_plugins_that_were_not_chosen_are_not_noticed(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_fine")
    site_folder.install_trainer(
        "acme-broken", "second", module="acme_not_chosen", before="raise SystemExit(1)"
    )
    site_folder.install(
        "acme-torn", {"acme_torn_file": "def ("}, {"mlkernel.progress_bars": {"torn": "acme_torn_file:x"}}
    )
    answer = site_folder.kernel("run", "--trainer", "first", "--help")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "A trainer of acme." in answer.stdout
    listed = site_folder.kernel("plugin", "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert {"first", "second", "torn"} <= set(listed.stdout.split())
