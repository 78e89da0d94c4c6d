"""Episodes as text that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mlkernel import ConfigError
from mlkernel_text.rollouts.episode import Episode, Node
from mlkernel_text.scenario.scenario import ACCEPT, NEITHER, REJECT, Scenario

_DECISIONS = {REJECT: "rejects", ACCEPT: "accepts", NEITHER: "decides neither way"}


def write_transcripts(episodes: Sequence[Episode], scenario: Scenario, path: Path) -> None:
    """Write *episodes* as Markdown; of a tree, all turns, each one with the turn that it follows."""
    text = "\n".join(transcript(episode, scenario) for episode in episodes)
    path.write_text(text, encoding="utf-8", errors="replace")


def transcript(episode: Episode, scenario: Scenario | None = None, *, prompts: bool = True) -> str:
    """One episode as Markdown.

    :param scenario: with it, the truth is told in the words of its decider.
    :param prompts: whether to tell what the agents were told.
    """
    return "\n".join(_lines(episode, scenario, prompts=prompts)) + "\n"


def _lines(episode: Episode, scenario: Scenario | None, *, prompts: bool) -> Iterator[str]:
    yield f"# {episode.split} {episode.iteration}, episode {episode.index}"
    yield ""
    yield f"Problem `{episode.instance}`, truth {_truth(episode, scenario)}, outcome **{episode.outcome}**."
    if episode.problem is not None:
        yield f"Problem met: {episode.problem}"
    parents = [node.parent for node in episode.nodes]
    is_tree = any(parents.count(parent) > 1 for parent in set(parents))
    for node in episode.nodes:
        yield from _turn_lines(node, is_tree=is_tree, prompts=prompts)
    yield ""


def _truth(episode: Episode, scenario: Scenario | None) -> str:
    if scenario is None:
        return str(episode.label)
    try:
        return repr(scenario.decision_text(episode.label))
    except ConfigError:  # open questions are answered, and nothing is decided
        return repr(episode.fields.get("solution", episode.label))


def _turn_lines(node: Node, *, is_tree: bool, prompts: bool) -> Iterator[str]:
    place = (
        f" (turn {node.id}, after {'the start' if node.parent is None else node.parent})" if is_tree else ""
    )
    yield ""
    yield f"## Round {node.round}: {node.agent}{place}"
    for message in node.prompt if prompts else ():
        yield from ("", f"*{message['role']}:*", "")
        yield from _quoted(message["content"])
    yield from ("", f"**{node.agent}**{_remarks(node)}:", "")
    yield from _quoted(node.text)
    if node.rewards:
        rewards = ", ".join(f"{agent} {reward:g}" for agent, reward in node.rewards.items())
        yield from ("", f"Rewards: {rewards}.")
    if node.done:
        verdict = {None: "nobody decided", True: "the decision is right", False: "the decision is wrong"}
        details = "".join(f"; {name} {value:g}" for name, value in node.details.items())
        yield from ("", f"The episode ends: {verdict[node.correct]}{details}.")


def _remarks(node: Node) -> str:
    remarks = [
        _DECISIONS.get(node.decision),
        None if node.confidence is None else f"confidence {node.confidence:g}",
        None if node.answer is None else f"answer {node.answer!r}",
        None if node.outcome == "ok" else node.outcome,
        None if node.problem is None else node.problem,
        None if not node.retries else f"asked again {node.retries} times",
    ]
    said = "; ".join(remark for remark in remarks if remark)
    return f" ({said})" if said else ""


def _quoted(text: str) -> Iterator[str]:
    """As a block quotation, in which no markup of a model can break the page."""
    return (f"> {line}" if line else ">" for line in text.splitlines() or [""])
