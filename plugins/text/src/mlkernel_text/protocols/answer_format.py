"""How answers are written: sections for channels, and a last line for the decision."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlkernel_text.protocols.decision_scale import DecisionScale, decision_of
from mlkernel_text.protocols.interaction_protocol import Part
from mlkernel_text.scenario.scenario import UNDECIDED, Utterance

_DECISION = re.compile(r"^[\s*_#>`]*decision[\s*_`]*:(?P<word>.*)$", re.IGNORECASE | re.MULTILINE)
_DECORATION = " \t\r*_`\"'.,;!()[]"


def decision_line(word: str) -> str:
    """The line by which a verifier decides."""
    return f"Decision: {word}"


def read_answer(text: str, part: Part, scale: DecisionScale) -> Utterance:
    """Read an answer of somebody who had *part* to do; what breaks the rules is named in ``problem``."""
    confidence: float | None = None
    if part.decides != "no":
        text_before, word = _split_decision(text)
        if word is not None:
            confidence = scale.confidence(word)
            if confidence is None:
                return Utterance(
                    text=text, problem=f"{word[:40]!r} is no decision; there are: {scale.description}"
                )
            messages = _messages(text_before, part.channels)
            return Utterance(
                text=text, messages=messages, decision=decision_of(confidence), confidence=confidence
            )
        if part.decides == "must":
            return Utterance(text=text, problem="no line says 'Decision: ...'")
    messages = _messages(text, part.channels)
    missing = [channel for channel in part.channels if channel not in messages]
    problem = f"nothing is said to {', '.join(missing)}" if missing else None
    return Utterance(text=text, messages=messages, decision=UNDECIDED, problem=problem)


def _split_decision(text: str) -> tuple[str, str | None]:
    """What precedes the last line that decides, and the word after its colon; ``None`` without such a line."""
    lines = list(_DECISION.finditer(text))
    if not lines:
        return text, None
    return text[: lines[-1].start()], lines[-1]["word"].strip(_DECORATION)


def _messages(text: str, channels: Sequence[str]) -> dict[str, str]:
    """Channel → message; on a single channel the whole text is one, on several each has a section."""
    if len(channels) == 1:
        found = {channels[0]: text.strip()}
    else:
        found = {channel: _section(text, channel) for channel in channels}
    return {channel: message for channel, message in found.items() if message}


def _section(text: str, channel: str) -> str:
    sections = re.findall(rf"<{re.escape(channel)}>(.*?)</{re.escape(channel)}>", text, re.DOTALL)
    return "\n".join(section.strip() for section in sections).strip()
