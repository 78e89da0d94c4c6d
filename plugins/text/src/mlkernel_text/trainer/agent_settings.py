"""What holds for each agent of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from attrs import Factory, frozen

from mlkernel import UsageError
from mlkernel_text.rollouts.player import Player
from mlkernel_text.scenario.scenario import Scenario
from mlkernel_text.trainer.agent_config import AgentConfig, UpdateScheduleConfig


@frozen(kw_only=True)
class AgentSettings:
    """As :class:`AgentConfig`, with all values filled in; the defaults are those of the package."""

    model: str | None = None
    shared_model_group: str | None = None
    freeze: bool = False
    from_scratch: bool = False
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    instructions: str = ""
    prompt: str | None = None
    update_schedule: UpdateScheduleConfig = Factory(UpdateScheduleConfig)

    def player(self, model: str, instructions: str) -> Player:
        """How the agent is sampled, with a model and instructions that training may have changed."""
        return Player(
            model=model,
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            stop=self.stop,
            instructions=instructions,
            prompt=self.prompt,
        )


def agent_settings(scenario: Scenario, configured: Mapping[str, AgentConfig]) -> dict[str, AgentSettings]:
    """Agent → its settings: its own, else those of ``default``, else the package's.

    :raises UsageError: an agent is configured that the scenario does not have.
    """
    names = [agent.name for agent in scenario.agents]
    unknown = sorted(set(configured) - {*names, "default"})
    if unknown:
        raise UsageError(
            f"agents.{unknown[0]}: the scenario has no such agent",
            hint=f"Its agents are {', '.join(names)}; 'default' stands for all of them.",
        )
    default = _given(configured.get("default"))
    return {name: AgentSettings(**{**default, **_given(configured.get(name))}) for name in names}


def _given(config: AgentConfig | None) -> dict[str, Any]:
    """The values that *config* does not leave to others."""
    if config is None:
        return {}
    values = attrs.asdict(config, recurse=False)
    return {name: value for name, value in values.items() if value is not None}
