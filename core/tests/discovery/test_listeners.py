from __future__ import annotations

from pathlib import Path

import pytest
from core.tests.site_folder import SiteFolder

from mlkernel.discovery.listeners import listeners
from mlkernel.errors import PluginError
from mlkernel.run.plan import read_plan
from mlkernel.run.session import start_run


def install_listener(
    folder: SiteFolder, distribution: str, name: str, before: str = "", factory: str = "builtins:object"
) -> None:
    module = f"{distribution}_{name}_listener"
    source = (
        f"from mlkernel import Descriptor\n{before}\n"
        f"{name} = Descriptor(name='{name}', summary='Listens.', factory={factory!r})\n"
    )
    folder.install(distribution, {module: source}, {"mlkernel.listeners": {name: f"{module}:{name}"}})


def own(found: list) -> list[str]:
    """Leave out listeners of packages that are installed beside the core."""
    return [
        component.reference for component in found if not str(component.distribution).startswith("mlkernel")
    ]


def test_listeners_come_in_the_order_of_their_distributions(site_folder: SiteFolder):
    install_listener(site_folder, "zeta", "alpha")
    install_listener(site_folder, "acme", "zebra")
    install_listener(site_folder, "middle", "alpha")
    assert own(listeners()) == ["acme:zebra", "middle:alpha", "zeta:alpha"]


def test_blocked_listeners_are_left_out(site_folder: SiteFolder, monkeypatch: pytest.MonkeyPatch):
    install_listener(site_folder, "zeta", "alpha")
    install_listener(site_folder, "acme", "zebra")
    monkeypatch.setenv("MLKERNEL_BLOCKED_PLUGINS", "listener:alpha")
    assert own(listeners()) == ["acme:zebra"]


def test_a_broken_listener_stops_no_run(site_folder: SiteFolder):
    install_listener(site_folder, "broken", "alpha", before="raise RuntimeError('no')")
    install_listener(site_folder, "acme", "zebra")
    with pytest.warns(UserWarning, match=r"listener 'alpha' \(broken 1.0\) cannot be loaded"):
        assert own(listeners()) == ["acme:zebra"]


def test_a_broken_listener_is_an_error_where_everything_has_to_work(site_folder: SiteFolder):
    install_listener(site_folder, "broken", "alpha", before="raise RuntimeError('no')")
    with pytest.raises(PluginError, match="RuntimeError: no"):
        listeners(strict=True)


BROKEN = {
    "its descriptor": {"before": "raise RuntimeError('no')"},
    "its factory": {"factory": "builtins:zip.no_such_thing"},
    "what its factory makes": {"factory": "builtins:int.from_bytes"},
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("strict", [False, True])
def test_a_broken_listener_ends_a_run_only_under_strict_plugins(
    site_folder: SiteFolder, what: str, strict: bool
):
    install_listener(site_folder, "broken", "alpha", **BROKEN[what])
    words = ["--trainer", "mlkernel.testing.tiny_trainer:TinyTrainer", "--progress-bar", "none"]
    ended = site_folder.kernel("run", *words, "iterations=1", *["--strict-plugins"] * strict)
    told = [line for line in ended.stderr.splitlines() if "alpha" in line]
    assert told
    if strict:
        assert ended.returncode == 2, ended.stderr
        assert "error: listener 'alpha' (broken 1.0)" in ended.stderr
    else:
        assert ended.returncode == 0, ended.stderr
        assert len([line for line in told if "warning" in line]) == 1, ended.stderr


@pytest.mark.parametrize(("given", "written_down"), [(None, ["acme:zebra"]), ([], [])])
def test_the_plan_names_the_listeners_that_take_part(
    site_folder: SiteFolder, tmp_path: Path, given: list | None, written_down: list[str]
):
    install_listener(site_folder, "acme", "zebra")
    trainer = "mlkernel.testing.tiny_trainer:TinyTrainer"
    outcome = start_run(
        trainer, overrides=["iterations=1", "run.progress_bar=none"], runs=tmp_path / "runs", listeners=given
    )
    _, *plugins = read_plan(outcome.directory / "plan.json").provenance["plugins"]
    references = [plugin["reference"] for plugin in plugins]
    assert [name for name in references if not name.startswith("mlkernel")] == written_down
    assert outcome.status.attempts[0].versions.get("acme") == ("1.0" if written_down else None)
