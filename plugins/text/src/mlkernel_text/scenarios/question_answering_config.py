"""The configuration of answering questions."""

from pathlib import Path

from attrs import frozen

from mlkernel import Choice, choice, option
from mlkernel_text.protocols.decision_scale import ScaleName
from mlkernel_text.tasks.text_task import Form


@frozen(kw_only=True)
class QuestionAnsweringConfig:
    """One agent, one answer."""

    task: Choice = choice("text_task", default="arithmetic", help="What is asked.")
    form: Form = option("question", help="Ask for the answer, or whether a proposed one is right.")
    compact: bool = option(
        True, help="Use the short language that the embedded model learns, where the task has one."
    )
    decision_scale: ScaleName = option(
        "accept_reject", help="The grades by which proposed answers are judged."
    )
    right_reward: float = option(1.0, help="For a right answer.")
    wrong_reward: float = option(0.0, help="For a wrong answer, or one that cannot be read.")
    prompts: Path | None = option(
        None, help="Folder with templates (solver.jinja, problem.jinja) in place of the package's."
    )
