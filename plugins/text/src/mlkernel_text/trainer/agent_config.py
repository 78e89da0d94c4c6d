"""What can be said of one agent: its model, how it is sampled, when it is trained."""

from typing import Literal

from attrs import frozen
from attrs.validators import ge, gt, le, optional

from mlkernel import option


@frozen(kw_only=True)
class UpdateScheduleConfig:
    """The iterations in which an agent is trained."""

    kind: Literal["constant", "periodic", "alternating"] = option(
        "constant",
        help="Always, in a part of each period, or in turns: one agent in a period's first rounds, others after.",
    )
    period: int = option(2, help="Iterations of a period.", validator=ge(1))
    start: int = option(0, help="Periodic: first iteration of the part, from 0.", validator=ge(0))
    stop: int = option(1, help="Periodic: the iteration after the part's last.", validator=ge(0))
    first_rounds: int = option(
        1, help="Alternating: iterations of the agent that goes first.", validator=ge(0)
    )
    goes_first: bool = option(True, help="Alternating: whether this agent goes first.")

    def is_updated(self, iteration: int) -> bool:
        """Whether the agent is trained in *iteration*, counted from 0."""
        position = iteration % self.period
        if self.kind == "periodic":
            return self.start <= position < self.stop
        if self.kind == "alternating":
            return (position < self.first_rounds) == self.goes_first
        return True


@frozen(kw_only=True)
class AgentConfig:
    """One agent. What is null is taken from the agent ``default``; the package's own values are in parentheses."""

    model: str | None = option(None, help="Name of its model; null: the back end's own base model.")
    shared_model_group: str | None = option(
        None, help="Agents that name the same group share one model and train it together."
    )
    freeze: bool | None = option(None, help="Whether it is never trained (false).")
    from_scratch: bool | None = option(
        None, help="Whether each job starts from the base model instead of the newest one (false)."
    )
    temperature: float | None = option(None, help="Of sampling (1.0).", validator=optional(ge(0)))
    top_p: float | None = option(
        None, help="Probability mass that is sampled from (1.0).", validator=optional([gt(0), le(1)])
    )
    max_tokens: int | None = option(None, help="Longest answer, in tokens (256).", validator=optional(ge(1)))
    stop: tuple[str, ...] | None = option(None, help="Texts that end an answer (none).")
    instructions: str | None = option(None, help="Further text at the end of its system prompt (none).")
    prompt: str | None = option(
        None,
        help="Jinja template of its system prompt, in place of the scenario's (none).",
    )
    update_schedule: UpdateScheduleConfig | None = option(
        None, help="In which iterations it is trained (all)."
    )
