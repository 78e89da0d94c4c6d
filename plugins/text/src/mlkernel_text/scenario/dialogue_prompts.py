"""What the players of a protocol are told: templates, and the values that fill them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import asdict, frozen

from mlkernel_text.protocols.interaction_protocol import InteractionProtocol, Part
from mlkernel_text.scenario.prompt_template import PromptTemplate
from mlkernel_text.scenario.scenario import Instance

SYSTEM_VARIABLES = frozenset(
    {
        "agent",
        "role",
        "others",
        "channels",
        "aim",
        "claim",
        "grades",
        "example_decision",
        "min_rounds",
        "max_rounds",
    }
)
"""What every system prompt may use, besides the fields of the task."""

TURN_VARIABLES = SYSTEM_VARIABLES | {"round", "rounds_left", "is_first", "heard", "speaks_on", "decides"}
"""What the message of a turn may use, besides the fields of the task."""


@frozen(kw_only=True)
class Heard:
    """A message, as one who hears it knows it."""

    speaker: str
    channel: str
    text: str


@frozen(kw_only=True)
class DialoguePrompts:
    """The prompts of one episode."""

    protocol: InteractionProtocol
    instance: Instance
    claim: str
    systems: Mapping[str, PromptTemplate]
    """Agent → its system prompt."""
    turn_template: PromptTemplate
    instructions: Mapping[str, str]
    """Agent → further text at the end of its system prompt."""

    def system(self, agent: str, part: Part) -> str:
        """The system prompt of *agent*, whose first part is *part*."""
        text = self.systems[agent].render(self._values(agent, part))
        return "\n\n".join(filter(None, (text, self.instructions.get(agent))))

    def turn(self, agent: str, part: Part, round: int, heard: Sequence[Heard], *, is_first: bool) -> str:  # noqa: A002 - the field's term
        """What *agent* is told when *part* begins in *round*."""
        values = {
            **self._values(agent, part),
            "round": round,
            "rounds_left": self.protocol.max_rounds - round - 1,
            "is_first": is_first,
            "heard": [asdict(message) for message in heard],
            "speaks_on": list(part.channels),
            "decides": part.decides,
        }
        return self.turn_template.render(values)

    def _values(self, agent: str, part: Part) -> dict[str, Any]:
        protocol = self.protocol
        roles = {player.name: player.role for player in protocol.agents}
        memberships = {name: members for name, members in protocol.channels.items() if agent in members}
        met = {protocol.aliases.get(name, name) for members in memberships.values() for name in members}
        own_name = protocol.aliases.get(agent, agent)
        return {
            **self.instance.fields,
            "agent": own_name,
            "role": roles[agent],
            "others": sorted(met - {own_name}),
            "channels": list(memberships),
            "aim": part.aim,
            "claim": self.claim,
            "grades": protocol.scale.description,
            "example_decision": protocol.scale.word(1),
            "min_rounds": protocol.min_rounds,
            "max_rounds": protocol.max_rounds,
        }
