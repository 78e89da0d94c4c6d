"""Analysing the stored episodes of a run: what was found out is kept, and never asked again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from attrs import asdict, evolve

from mlkernel import UsageError
from mlkernel_text.analysers.judge import Judge
from mlkernel_text.analysers.judge_config import JudgeConfig
from mlkernel_text.analysers.rollout_analyser import Ask, Finding, RolloutAnalyser
from mlkernel_text.answers.budget_config import BudgetConfig
from mlkernel_text.answers.limits_config import LimitsConfig
from mlkernel_text.rollouts.episode import Episode
from mlkernel_text.rollouts.episode_journal import EpisodeJournal

EPISODES_AT_ONCE = 64


class Analysis:
    """One analyser with its options, over the episodes of one run.

    :param run: the run directory; findings are kept in ``artifacts/analyses``.
    :param config: the analyser's; other options are another analysis, other limits and budgets of a judge are not.
    """

    def __init__(self, analyser: RolloutAnalyser, run: Path, config: Any) -> None:
        self._analyser = analyser
        options = repr(_without_limits(config))
        digest = blake2b(options.encode(), digest_size=4).hexdigest()
        self.directory = run / "artifacts" / "analyses" / f"{analyser.name}-{digest}"
        self._options = options

    async def analyse(self, journals: Sequence[EpisodeJournal]) -> None:
        """Look at every episode that has not been looked at."""
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "options.txt").write_text(self._options + "\n", encoding="utf-8")
        if self._analyser.judge is None:
            await self._look_at(journals, _no_judge)
            return
        async with Judge.opened(self._analyser.judge, self.directory) as judge:
            await self._look_at(journals, judge.ask)

    async def _look_at(self, journals: Sequence[EpisodeJournal], ask: Ask) -> None:
        for journal in journals:
            known = {index for index, _ in self.findings(journal)}
            waiting = (episode for episode in journal.episodes() if episode.index not in known)
            file = self._file(journal)
            results = await asyncio.gather(
                *(self._work(waiting, file, ask) for _ in range(EPISODES_AT_ONCE)), return_exceptions=True
            )
            for result in results:  # raised after all have ended: what they asked is paid for and kept
                if isinstance(result, BaseException):
                    raise result

    async def _work(self, waiting: Iterator[Episode], file: Path, ask: Ask) -> None:
        for episode in waiting:
            findings = await self._analyser.analyse(episode, ask)
            record = {"index": episode.index, "findings": [asdict(finding) for finding in findings]}
            with file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(record, ensure_ascii=False) + "\n")

    def findings(self, journal: EpisodeJournal) -> Iterator[tuple[int, list[Finding]]]:
        """What was found out about the episodes of *journal*: index of the episode, and its findings."""
        file = self._file(journal)
        if not file.exists():
            return
        content = file.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):  # torn by a crash: cut off, so that the next line does not grow onto it
            file.write_bytes(content[:whole])
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                record = json.loads(line)
                yield record["index"], [Finding(**finding) for finding in record["findings"]]
            except (ValueError, KeyError, TypeError) as error:
                raise UsageError(
                    f"{file}:{number} holds no findings: {error}", hint="Remove the line: it is asked again."
                ) from error

    def _file(self, journal: EpisodeJournal) -> Path:
        return self.directory / journal.path.name


def mean_findings(findings: Sequence[Finding]) -> dict[str, float]:
    """``agent.value`` → mean over the turns that have the value."""
    values: dict[str, list[float]] = {}
    for finding in findings:
        for name, value in finding.values.items():
            values.setdefault(f"{finding.agent}.{name}", []).append(value)
    return {name: sum(all_of) / len(all_of) for name, all_of in sorted(values.items())}


def _without_limits(config: Any) -> Any:
    judge = getattr(config, "judge", None)
    if not isinstance(judge, JudgeConfig):
        return config
    return evolve(config, judge=evolve(judge, limits=LimitsConfig(), budget=BudgetConfig()))


async def _no_judge(chat: object, attempt: int) -> str:
    raise AssertionError("an analyser without a judge asked one")
