"""``kernel rollouts``: the episodes of a run, listed, shown, analysed and exported."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from mlkernel_text.commands.stored_run import StoredRun
from mlkernel_text.rollouts.episode import Episode
from mlkernel_text.rollouts.episode_journal import EpisodeJournal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel rollouts`` takes."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = _action(actions, "list", _list, "how many episodes there are, and how they ended")
    showing = _action(actions, "show", _show, "print episodes as a person reads them")
    analysing = _action(actions, "analyse", _analyse, "ask a question about every episode")
    exporting = _action(actions, "export", _export, "write episodes to one file")
    for action in (listing, showing, analysing, exporting):
        action.add_argument(
            "run", metavar="RUN", help="a run's name or its beginning, its directory, or latest"
        )
        action.add_argument("--runs", metavar="DIRECTORY", help="where runs lie ($MLKERNEL_RUNS, ./runs)")
        action.add_argument("--split", choices=("train", "validation", "test"), help="only this split")
        action.add_argument("--iteration", type=int, metavar="N", help="only this iteration")
    showing.add_argument("--episode", type=int, metavar="N", help="only the episode with this number")
    showing.add_argument("--outcome", metavar="NAME", help="only episodes that ended so, such as refused")
    showing.add_argument("--limit", type=int, default=1, metavar="N", help="how many are shown (1)")
    showing.add_argument("--no-prompts", action="store_true", help="leave out what the agents were told")
    analysing.add_argument("analyser", help="kernel plugin list --kind rollout_analyser shows all")
    analysing.add_argument("overrides", nargs="*", metavar="path=value", help="options of the analyser")
    exporting.add_argument("file", type=Path, help="NAME.jsonl, or NAME.nad for arrays")


def run(arguments: argparse.Namespace) -> int:
    """Carry out the chosen action."""
    stored = StoredRun(arguments.run, arguments.runs)
    journals = stored.journals(arguments.split, arguments.iteration)
    exit_code: int = arguments.action(arguments, stored, journals)
    return exit_code


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, function: object, summary: str
) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    action.set_defaults(action=function)
    return action


def _list(arguments: argparse.Namespace, stored: StoredRun, journals: Sequence[EpisodeJournal]) -> int:
    for journal in journals:
        outcomes = Counter(episode.outcome for episode in journal.episodes())
        told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
        _print(f"{journal.path.stem}  {outcomes.total()} episodes: {told}")
    return 0


def _show(arguments: argparse.Namespace, stored: StoredRun, journals: Sequence[EpisodeJournal]) -> int:
    from mlkernel_text.rollouts.transcripts import transcript

    scenario = stored.scenario()
    shown = list(islice(_wanted(arguments, journals), arguments.limit))
    for episode in shown:
        _print(transcript(episode, scenario, prompts=not arguments.no_prompts))
    if not shown:
        _print("no such episode: kernel rollouts list tells how many there are, and how they ended")
    return 0


def _wanted(arguments: argparse.Namespace, journals: Sequence[EpisodeJournal]) -> Iterator[Episode]:
    for journal in journals:
        for episode in sorted(journal.episodes(), key=lambda episode: episode.index):
            is_meant = arguments.episode in (None, episode.index)
            if is_meant and arguments.outcome in (None, episode.outcome):
                yield episode


def _analyse(arguments: argparse.Namespace, stored: StoredRun, journals: Sequence[EpisodeJournal]) -> int:
    from mlkernel import configure
    from mlkernel_text.analysers.analysis import Analysis, mean_findings

    chosen = configure("rollout_analyser", arguments.analyser, arguments.overrides)
    analysis = Analysis(chosen.make(), stored.directory, chosen.config)
    asyncio.run(analysis.analyse(journals))
    for journal in journals:
        found = [finding for _, findings in analysis.findings(journal) for finding in findings]
        means = "  ".join(f"{name}={value:.4g}" for name, value in mean_findings(found).items())
        _print(f"{journal.path.stem}  {len(found)} turns  {means}")
    _print(f"findings: {analysis.directory}")
    return 0


def _export(arguments: argparse.Namespace, stored: StoredRun, journals: Sequence[EpisodeJournal]) -> int:
    from mlkernel import UsageError

    file: Path = arguments.file
    if file.suffix == ".jsonl":
        file.write_bytes(b"".join(_lines(journals)))
    elif file.suffix == ".nad":
        from mlkernel_text.rollouts.array_file import save_nested_array_dict
        from mlkernel_text.rollouts.rollouts import rollouts_from

        episodes = [episode for journal in journals for episode in _in_order(journal)]
        save_nested_array_dict(rollouts_from(episodes, stored.scenario()), file)
    else:
        raise UsageError(f"{file} names no format", hint="Call it NAME.jsonl, or NAME.nad for arrays.")
    _print(f"{file}: {sum(1 for journal in journals for _ in journal.episodes())} episodes")
    return 0


def _in_order(journal: EpisodeJournal) -> list[Episode]:
    return sorted(journal.episodes(), key=lambda episode: episode.index)


def _lines(journals: Sequence[EpisodeJournal]) -> Iterator[bytes]:
    """One line for each episode, in order, as the journals have them."""
    import json

    from mlkernel_text.rollouts.episode_record import episode_record

    for journal in journals:
        for episode in _in_order(journal):
            yield (json.dumps(episode_record(episode), ensure_ascii=False) + "\n").encode()


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
