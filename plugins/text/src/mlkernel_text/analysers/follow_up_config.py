"""Options of the analyser ``follow-up``. Imports nothing heavy."""

from attrs import frozen

from mlkernel import option
from mlkernel_text.analysers.judge_config import JudgeConfig


@frozen(kw_only=True)
class FollowUpConfig:
    """Whose questions are judged, and by whom."""

    agents: tuple[str, ...] = option(("verifier",), help="Agents whose messages are judged.")
    judge: JudgeConfig = option(factory=JudgeConfig, help="The model that judges.")
