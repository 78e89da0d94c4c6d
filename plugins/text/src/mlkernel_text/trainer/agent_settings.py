"""What holds for each agent of a scenario."""

from __future__ import annotations

from collections.abc import Mapping

from mlkernel import UsageError
from mlkernel_text.scenario.scenario import Scenario
from mlkernel_text.trainer.agent_config import BUILT_IN, AgentConfig


def agent_settings(scenario: Scenario, configured: Mapping[str, AgentConfig]) -> dict[str, AgentConfig]:
    """Agent → configuration with all values filled in.

    :raises UsageError: an agent is configured that the scenario does not have.
    """
    names = [agent.name for agent in scenario.agents]
    unknown = sorted(set(configured) - {*names, "default"})
    if unknown:
        raise UsageError(
            f"agents.{unknown[0]}: the scenario has no such agent",
            hint=f"Its agents are {', '.join(names)}; 'default' stands for all of them.",
        )
    default = configured.get("default", AgentConfig()).over(BUILT_IN)
    return {name: configured.get(name, AgentConfig()).over(default) for name in names}
