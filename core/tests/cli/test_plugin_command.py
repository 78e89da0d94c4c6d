from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from core.tests.site_folder import SiteFolder

from mlkernel.cli.main import main


def plugins(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict]:
    """Return what ``kernel plugin list --json`` prints of the trainers that a test installed."""
    assert main(["plugin", "list", "--kind", "trainer", "--json", *words]) == 0
    return [
        row for row in json.loads(capsys.readouterr().out) if not row["distribution"].startswith("mlkernel")
    ]


def test_list_tells_every_state(site_folder: SiteFolder, capsys: pytest.CaptureFixture[str], monkeypatch):
    broken = "raise RuntimeError('lists import nothing')"
    site_folder.install_trainer("acme", "good", module="acme_good", before=broken)
    site_folder.install_trainer(
        "acme-old", "outdated", module="acme_outdated", before=broken, more="api=(0, 1)"
    )
    site_folder.install_trainer("acme-twin", "twin", module="acme_twin", before=broken)
    site_folder.install_trainer("other-twin", "twin", module="other_twin", before=broken)
    site_folder.install_trainer("unwanted", "unwanted", module="acme_unwanted", before=broken)
    monkeypatch.setenv("MLKERNEL_BLOCKED_PLUGINS", "unwanted")
    states = {(row["distribution"], row["name"]): row["state"] for row in plugins(capsys)}
    assert states == {
        ("acme", "good"): "ok",
        ("acme-old", "outdated"): "incompatible",
        ("acme-twin", "twin"): "conflict",
        ("other-twin", "twin"): "conflict",
        ("unwanted", "unwanted"): "blocked",
    }


def test_blocking_one_of_two_ends_their_conflict(site_folder: SiteFolder, capsys, monkeypatch):
    site_folder.install_trainer("acme", "twin", module="acme_of_two")
    site_folder.install_trainer("other", "twin", module="other_of_two")
    monkeypatch.setenv("MLKERNEL_BLOCKED_PLUGINS", "other")
    assert [(row["distribution"], row["state"]) for row in plugins(capsys)] == [
        ("acme", "ok"),
        ("other", "blocked"),
    ]


def test_listeners_of_one_name_do_not_conflict(site_folder: SiteFolder, capsys):
    for distribution in ("acme", "other"):
        points = {"mlkernel.listeners": {"same": f"{distribution}_listener:same"}}
        site_folder.install(distribution, {f"{distribution}_listener": ""}, points)
    assert main(["plugin", "list", "--kind", "listener", "--json"]) == 0
    rows = [row for row in json.loads(capsys.readouterr().out) if row["name"] == "same"]
    assert [row["state"] for row in rows] == ["ok", "ok"]


def test_list_shows_a_component_whose_kind_nobody_declares(site_folder: SiteFolder, capsys):
    source = "strange = Descriptor(name='strange', summary='Strange.', factory='a:b')"
    site_folder.install(
        "acme", {"acme_strange": source}, {"mlkernel.strange_things": {"strange": "acme_strange:strange"}}
    )
    assert main(["plugin", "list"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "strange" in line)
    assert line.split() == [
        "mlkernel.strange_things",
        "strange",
        "acme",
        "1.0",
        "unknown",
        "kind",
        "Strange.",
    ]


def test_list_tells_an_unknown_kind(site_folder: SiteFolder, capsys):
    assert main(["plugin", "list", "--kind", "trainr"]) == 2
    assert "did you mean 'trainer'?" in capsys.readouterr().err


def test_show_tells_what_the_descriptor_declares(site_folder: SiteFolder, capsys):
    site_folder.install_trainer(
        "acme",
        "first",
        module="acme_shown",
        before="raise RuntimeError",
        more="api=(1, 0), needs=('torch', 'gymnasium')",
    )
    assert main(["plugin", "show", "acme:first", "--json"]) == 0
    (facts,) = json.loads(capsys.readouterr().out)
    assert facts == {
        "kind": "trainer",
        "name": "first",
        "summary": "A trainer of acme.",
        "distribution": "acme",
        "version": "1.0",
        "state": "ok",
        "api": "1.0",
        "needs": ["torch", "gymnasium"],
        "entry point": "mlkernel.trainers: first = acme_shown:trainer",
    }
    assert main(["plugin", "show", "first"]) == 0
    assert "needs:        torch, gymnasium\n" in capsys.readouterr().out


def test_show_suggests_what_comes_close(site_folder: SiteFolder, capsys):
    site_folder.install_trainer("acme", "proximal", module="acme_close")
    assert main(["plugin", "show", "proximl"]) == 2
    assert "did you mean 'proximal'?" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["first", "trainer:first", "acme:first", "Acme", "acme"])
def test_block_and_unblock_undo_each_other(site_folder: SiteFolder, capsys, name: str):
    site_folder.install_trainer("acme", "first", module="acme_switched")
    assert main(["plugin", "block", name]) == 0
    assert main(["plugin", "block", name]) == 0
    assert "is blocked" in capsys.readouterr().out
    assert [row["state"] for row in plugins(capsys)] == ["blocked"]
    entry = "acme" if name.lower() == "acme" else "trainer:first"
    assert main(["plugin", "unblock", entry]) == 0
    capsys.readouterr()
    assert [row["state"] for row in plugins(capsys)] == ["ok"]


def test_block_asks_which_of_several_is_meant(site_folder: SiteFolder, capsys):
    site_folder.install_trainer("acme", "plain", module="acme_plain")
    assert main(["plugin", "block", "plain"]) == 2
    assert "progress_bar:plain, trainer:plain" in capsys.readouterr().err


def test_the_core_cannot_be_blocked(site_folder: SiteFolder, capsys):
    assert main(["plugin", "block", "mlkernel"]) == 2
    assert "mlkernel itself cannot be blocked" in capsys.readouterr().err


def test_unblock_tells_where_else_something_may_be_blocked(site_folder: SiteFolder, capsys):
    assert main(["plugin", "unblock", "acme"]) == 2
    assert "MLKERNEL_BLOCKED_PLUGINS" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", ["blocked = [", "blocked = 'acme'", "blocked = [3]", "allowed = []", "\udcff"]
)
def test_a_broken_block_list_is_an_error_that_names_the_file(site_folder: SiteFolder, capsys, content: str):
    file = site_folder.home / "config" / "plugins.toml"
    file.parent.mkdir()
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert main(["plugin", "list"]) == 2
    assert str(file) in capsys.readouterr().err


def test_doctor_tells_a_healthy_plugin_from_sick_ones(site_folder: SiteFolder, capsys):
    site_folder.install_trainer("acme", "good", module="acme_healthy", before="print('noise')")
    site_folder.install_trainer(
        "acme-raises", "raises", module="acme_raises", before="raise RuntimeError('reason')"
    )
    site_folder.install_trainer("acme-exits", "exits", module="acme_exits", before="import os; os._exit(7)")
    site_folder.install_trainer("acme-heavy", "heavy", module="acme_heavy", before="import numpy")
    diagnoses = {}
    for name in ("good", "raises", "exits", "heavy"):
        exit_code = main(["plugin", "doctor", name, "--json"])
        (diagnosis,) = json.loads(capsys.readouterr().out)
        diagnoses[name] = (exit_code, diagnosis["problems"], [step["step"] for step in diagnosis["steps"]])
    assert diagnoses == {
        "good": (0, [], ["descriptor", "factory"]),
        "raises": (1, ["descriptor: RuntimeError: reason"], ["descriptor"]),
        "exits": (1, ["ended the process with code 7: nothing was said"], []),
        "heavy": (
            1,
            ["descriptor: imports numpy, which delays every list and help"],
            ["descriptor", "factory"],
        ),
    }


def test_doctor_shows_the_traceback_of_a_named_plugin(site_folder: SiteFolder, capsys):
    site_folder.install_trainer("acme", "raises", module="acme_traced", before="raise RuntimeError('reason')")
    assert main(["plugin", "doctor", "raises"]) == 1
    out = capsys.readouterr().out
    assert "acme_traced.py" in out
    assert "RuntimeError: reason" in out


def test_doctor_ends_an_import_that_does_not(site_folder: SiteFolder, capsys):
    source = """
        from mlkernel import Descriptor
        trainer = Descriptor(name="endless", summary="Never ready.", factory="acme_endless_code:make")
    """
    modules = {"acme_endless": source, "acme_endless_code": "import time\ntime.sleep(600)"}
    site_folder.install("acme", modules, {"mlkernel.trainers": {"endless": "acme_endless:trainer"}})
    assert main(["plugin", "doctor", "endless", "--timeout", "15", "--json"]) == 1
    (diagnosis,) = json.loads(capsys.readouterr().out)
    assert diagnosis["problems"] == ["was not imported within 15 s"]
    assert [step["step"] for step in diagnosis["steps"]] == ["descriptor"]


def test_doctor_leaves_blocked_plugins_alone(
    site_folder: SiteFolder, capsys, monkeypatch: pytest.MonkeyPatch
):
    site_folder.install_trainer("acme", "first", module="acme_left", before="raise RuntimeError")
    monkeypatch.setenv("MLKERNEL_BLOCKED_PLUGINS", "acme")
    assert main(["plugin", "doctor", "first"]) == 0
    assert "acme 1.0): blocked" in capsys.readouterr().out


def test_check_tells_what_came_of_each_check(site_folder: SiteFolder, capsys):
    misnamed = "listener = Descriptor(name='other', summary='Listens.', factory='builtins:object')"
    source = f"from mlkernel import Descriptor\n{misnamed}\n"
    site_folder.install(
        "acme", {"acme_checked": source}, {"mlkernel.listeners": {"first": "acme_checked:listener"}}
    )
    assert main(["plugin", "check", "acme", "--json"]) == 1
    outcomes = {row["outcome"] for row in json.loads(capsys.readouterr().out)}
    assert outcomes == {"passed", "failed"}
    assert main(["plugin", "check", "state_codec:numpy", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert {(row["plugin"], row["outcome"]) for row in results} == {("mlkernel:numpy", "passed")}


def test_new_writes_a_package_once(site_folder: SiteFolder, capsys, tmp_path: Path):
    words = ["plugin", "new", "trainer", "my-own-trainer", "--directory", str(tmp_path)]
    assert main(words) == 0
    assert str(tmp_path / "my-own-trainer") in capsys.readouterr().out
    assert (tmp_path / "my-own-trainer" / "pyproject.toml").is_file()
    assert main(words) == 2
    assert "exists" in capsys.readouterr().err
    assert main([*words, "--single-file"]) == 0
    assert (tmp_path / "my_own_trainer.py").is_file()


def test_version_names_the_core_first_and_every_distribution(site_folder: SiteFolder, capsys):
    site_folder.install_trainer("acme", "first", module="acme_versioned")
    assert main(["version", "--json"]) == 0
    versions = json.loads(capsys.readouterr().out)
    assert next(iter(versions)) == "mlkernel"
    assert versions["acme"] == "1.0"


def test_the_folder_one_stands_in_brings_no_plugins(site_folder: SiteFolder):
    site_folder.install_trainer("acme", "first", module="acme_stands")
    assert "acme" in site_folder.kernel("plugin", "list").stdout
    site_folder.workplace.rmdir()
    site_folder.path.rename(site_folder.workplace)
    assert "acme" not in site_folder.kernel("plugin", "list").stdout


def complete(site_folder: SiteFolder, line: str) -> list[str]:
    """Ask for completions as a shell does: argcomplete answers on file descriptor 8."""
    answer = site_folder.home / "answer"
    variables = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SHELL": "bash",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
    }
    command = f'exec 8>"{answer}" 9>/dev/null; exec "{sys.executable}" -m mlkernel'
    subprocess.run(
        ["bash", "-c", command], env=site_folder.environment() | variables, cwd=site_folder.home, check=True
    )
    return [word.strip() for word in answer.read_text().split("\n")]


def test_names_are_completed(site_folder: SiteFolder, tmp_path: Path):
    site_folder.install_trainer("acme", "zany", module="acme_completed", before="raise RuntimeError")
    site_folder.install_trainer("acme-twin", "zwin", module="acme_zwin")
    site_folder.install_trainer("other-twin", "zwin", module="other_zwin")
    assert complete(site_folder, "kernel plug") == ["plugin"]
    assert complete(site_folder, "kernel run --trainer zan") == ["zany"]
    assert complete(site_folder, "kernel run --trainer acme-twin") == ["acme-twin:zwin"]
    assert complete(site_folder, "kernel plugin show zan") == ["zany"]
    assert complete(site_folder, "kernel plugin list --kind train") == ["trainer"]


def test_option_paths_and_runs_are_completed(site_folder: SiteFolder):
    source = """
        from attrs import frozen
        from mlkernel import option

        class Mine:
            @frozen(kw_only=True)
            class Config:
                rate: float = option(default=0.1, help="Step size.")
                rounds: int = option(default=1, help="How many.")
    """
    site_folder.install("acme", {"acme_options": source}, {})
    (site_folder.home / "runs" / "mine-1").mkdir(parents=True)
    (site_folder.home / "runs" / "mine-1" / "plan.json").touch()
    assert complete(site_folder, "kernel run --trainer acme_options:Mine ra") == ["rate="]
    assert complete(site_folder, "kernel resume mi") == ["mine-1"]
    assert complete(site_folder, "kernel run --trainer no-such-trainer ra") == [""]
