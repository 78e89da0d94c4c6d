"""``kernel rollouts`` on the files of a run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from mlkernel import UnknownNameError, UsageError, resolve
from mlkernel.testing.command_checks import command_checks
from mlkernel_text.commands import rollouts_command
from mlkernel_text.commands.stored_run import StoredRun
from mlkernel_text.rollouts.array_file import load_nested_array_dict
from mlkernel_text.rollouts.episode import Episode, Node
from mlkernel_text.rollouts.episode_journal import EpisodeJournal
from mlkernel_text.rollouts.rollouts import rollouts_from

PLAN = {"config": {"trainer": {"scenario": {"use": "cards", "cards": 4}}, "run": {"seed": 3}}}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs; the newer one has episodes that did not end in order."""
    for name in ("first-aa", "second-bb"):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "plan.json").write_text(json.dumps(PLAN))
    for split, iteration in (("train", 0), ("train", 1), ("test", 0)):
        with EpisodeJournal.of_run(folder, split, iteration) as journal:
            for index in (2, 0, 1):
                journal.append(episode(split, iteration, index))
    return tmp_path / "runs"


def episode(split: str, iteration: int, index: int) -> Episode:
    told = ({"role": "system", "content": "prover"}, {"role": "user", "content": f"table {index}"})
    outcome = "refused" if index == 2 else "ok"
    nodes = (
        Node(id=0, parent=None, agent="prover", round=0, prompt=told, text=f"a{index}/7", outcome=outcome),
        Node(id=1, parent=0, agent="verifier", round=1, prompt=told, text="no", decision=0, done=True),
    )
    return Episode(
        iteration=iteration,
        split=split,
        index=index,
        instance=f"{split}-{index}",
        seed=index,
        label=0,
        fields={"question": f"table {index}"},
        nodes=nodes,
        outcome=outcome,
    )


def rollouts(runs: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    rollouts_command.add_arguments(parser)
    return rollouts_command.run(parser.parse_args([*words, "--runs", str(runs)]))


def test_the_command_keeps_the_contract() -> None:
    for check in command_checks(resolve("command", "rollouts")):
        check()


def test_list_counts_outcomes(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rollouts(runs, "list", "latest") == 0
    assert capsys.readouterr().out.splitlines() == [
        "test-0000  3 episodes: 2 ok, 1 refused",
        "train-0000  3 episodes: 2 ok, 1 refused",
        "train-0001  3 episodes: 2 ok, 1 refused",
    ]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ([], ["test 0, episode 0"]),
        (["--split", "train", "--iteration", "1", "--limit", "9"], [f"train 1, episode {n}" for n in range(3)]),
        (["--episode", "1", "--limit", "9"], [f"{where}, episode 1" for where in ("test 0", "train 0", "train 1")]),
        (["--outcome", "refused", "--split", "train"], ["train 0, episode 2"]),
    ],
)  # fmt: skip
def test_show_prints_the_wanted_episodes(
    runs: Path, capsys: pytest.CaptureFixture[str], words: list[str], shown: list[str]
) -> None:
    rollouts(runs, "show", "second", *words)
    printed = capsys.readouterr().out
    assert [line[2:] for line in printed.splitlines() if line.startswith("# ")] == shown
    assert "> table" in printed
    assert "truth 'no'" in printed


def test_show_says_when_no_episode_is_meant(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rollouts(runs, "show", "second", "--outcome", "filtered")
    assert "no such episode" in capsys.readouterr().out


def test_show_without_prompts(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rollouts(runs, "show", "second", "--no-prompts")
    printed = capsys.readouterr().out
    assert "> table" not in printed
    assert "> a0/7" in printed


def test_exported_lines_are_the_episodes_in_order(runs: Path, tmp_path: Path) -> None:
    rollouts(runs, "export", "latest", str(tmp_path / "all.jsonl"), "--split", "train")
    exported = EpisodeJournal(tmp_path / "all.jsonl").episodes()
    assert list(exported) == [
        episode("train", iteration, index) for iteration in (0, 1) for index in range(3)
    ]


def test_exported_arrays_are_those_of_the_scenario(runs: Path, tmp_path: Path) -> None:
    rollouts(runs, "export", "latest", str(tmp_path / "all.nad"), "--split", "test")
    episodes = [episode("test", 0, index) for index in range(3)]
    scenario = StoredRun("latest", str(runs)).scenario()
    assert load_nested_array_dict(tmp_path / "all.nad") == rollouts_from(episodes, scenario)


def test_an_unknown_format_is_refused(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names no format"):
        rollouts(runs, "export", "latest", str(tmp_path / "all.xml"))


def test_analyse_prints_means_and_keeps_findings(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rollouts(runs, "analyse", "latest", "format-conformance", "pattern=a0.*|no", "--split", "test")
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("test-0000  6 turns  prover.at_once=0.5  prover.conforms=0.5")
    assert (Path(last.removeprefix("findings: ")) / "test-0000.jsonl").read_text().count("\n") == 3


def test_wrong_words_are_told(runs: Path) -> None:
    with pytest.raises(UnknownNameError, match="there is no run 'third'"):
        rollouts(runs, "list", "third")
    with pytest.raises(UsageError, match="holds no episodes of validation"):
        rollouts(runs, "list", "latest", "--split", "validation")
    with pytest.raises(UsageError, match="holds no episodes"):
        rollouts(runs, "list", str(runs / "first-aa"))
    with pytest.raises(UnknownNameError, match="no-such"):
        rollouts(runs, "analyse", "latest", "no-such")
    (runs / "first-ab").mkdir()
    (runs / "first-ab" / "plan.json").write_text("{}")
    with pytest.raises(UnknownNameError, match=r"2 runs in .* begin with 'first'"):
        rollouts(runs, "list", "first")
