"""Options of the analyser ``role-conformance``. Imports nothing heavy."""

from attrs import frozen

from mlkernel import option
from mlkernel_text.analysers.judge_config import JudgeConfig


@frozen(kw_only=True)
class RoleConformanceConfig:
    """Whose conduct is judged, and by whom."""

    agents: tuple[str, ...] = option((), help="Agents whose messages are judged; empty: all.")
    judge: JudgeConfig = option(factory=JudgeConfig, help="The model that judges.")
