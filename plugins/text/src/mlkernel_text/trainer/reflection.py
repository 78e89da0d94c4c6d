"""What a reflecting model is told, and how its answer is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mlkernel_text.chat import ChatMessage
from mlkernel_text.rollouts.episode import Episode
from mlkernel_text.scenario.scenario import Instance, Scenario

_FENCED = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)

_TASK = """\
An assistant with the role "{agent}" follows these instructions:

```
{instructions}
```

Below are conversations in which it took part, what it answered, and feedback on how they ended. Find out from them \
what the task is, which facts and strategies help, and what went wrong. Then write better instructions for the \
assistant. Keep what works, be concrete, and do not refer to these particular conversations.

{examples}

Give the new instructions alone, between lines of ```."""


def reflection_chat(
    agent: str,
    instructions: str,
    episodes: Sequence[tuple[Episode, Instance, float]],
    scenario: Scenario,
) -> tuple[ChatMessage, ...]:
    """Ask for better instructions.

    :param episodes: episodes with their problem and score.
    """
    examples = "\n\n".join(
        _example(number, agent, episode, instance, score, scenario)
        for number, (episode, instance, score) in enumerate(episodes, start=1)
    )
    text = _TASK.format(agent=agent, instructions=instructions or "(none yet)", examples=examples)
    return (ChatMessage(role="user", content=text),)


def read_instructions(answer: str) -> str:
    """The instructions in a reflecting model's answer: its last fenced block, or all of it."""
    fenced = _FENCED.findall(answer)
    return (fenced[-1] if fenced else answer).strip()


def _example(
    number: int, agent: str, episode: Episode, instance: Instance, score: float, scenario: Scenario
) -> str:
    feedback = " ".join(_feedback(episode, instance, score, scenario))
    return f"### Conversation {number}\n{_talk(agent, episode)}\n### Feedback {number}\n{feedback}"


def _talk(agent: str, episode: Episode) -> str:
    lines = []
    for node in episode.nodes:
        if node.agent == agent:
            lines += [f"[{m['role']}] {m['content']}" for m in node.prompt if m["role"] != "system"]
            lines.append(f"[assistant] {node.text}")
    return "\n".join(lines)


def _feedback(episode: Episode, instance: Instance, score: float, scenario: Scenario) -> Iterable[str]:
    truth = instance.answer if instance.answer is not None else scenario.decision_text(instance.label)
    yield f"The right answer is {truth!r}; the score is {score:g}."
    for node in episode.nodes:
        if node.problem:
            yield f"An answer of {node.agent} breaks the rules: {node.problem}."
    for name, value in episode.nodes[-1].details.items():
        yield f"{name.replace('_', ' ')}: {value:g}."
