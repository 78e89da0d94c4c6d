from __future__ import annotations

import pytest
from core.tests.site_folder import SiteFolder

from mlkernel.discovery.listeners import listeners
from mlkernel.errors import PluginError


def install_listener(folder: SiteFolder, distribution: str, name: str, before: str = "") -> None:
    module = f"{distribution}_{name}_listener"
    source = (
        f"from mlkernel import Descriptor\n{before}\n"
        f"{name} = Descriptor(name='{name}', summary='Listens.', factory='builtins:object')\n"
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
