"""The configuration of problems from a file."""

from pathlib import Path

from attrs import frozen
from attrs.validators import and_, ge, lt

from mlkernel import option

_share = and_(ge(0.0), lt(1.0))


@frozen(kw_only=True)
class LocalFileConfig:
    """Which file, and which of its columns mean what; nothing is downloaded."""

    path: Path = option(help="File with problems: .jsonl, .json, .csv or .parquet.")
    validation_path: Path | None = option(
        None, help="File of the validation problems, instead of a share of all."
    )
    test_path: Path | None = option(None, help="File of the test problems, instead of a share of all.")
    validation_share: float = option(
        0.1, help="Share that is kept for validation, without a file.", validator=_share
    )
    test_share: float = option(0.2, help="Share that is kept for tests, without a file.", validator=_share)
    id_column: str | None = option(None, help="Column with a name of the problem that is never given twice.")
    question_column: str = option("question", help="Column with the problem.")
    solution_column: str | None = option(None, help="Column with the proposed answer that is right or not.")
    label_column: str | None = option(None, help="Column that says whether it is right; needed for claims.")
    answer_column: str | None = option(None, help="Column with the right answer; needed for open questions.")
    positive_labels: tuple[str, ...] | None = option(
        None,
        help="The labels that mean right, all others meaning wrong; unset, 1, true and yes do, and 0, false, no.",
    )
    label_threshold: float | None = option(
        None, help="Numbers from this one on mean right, all others wrong."
    )
    claim: str = option("The proposed answer is right.", help="What is claimed of every proposed answer.")
