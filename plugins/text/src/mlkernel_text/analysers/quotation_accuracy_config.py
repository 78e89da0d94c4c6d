"""Options of the analyser ``quotation-accuracy``. Imports nothing heavy."""

from attrs import frozen

from mlkernel import option


@frozen(kw_only=True)
class QuotationAccuracyConfig:
    """What counts as a quotation, and what may be quoted."""

    agents: tuple[str, ...] = option((), help="Agents whose quotations are checked; empty: all.")
    sources: tuple[str, ...] = option(
        ("question", "solution"), help="Fields of the problem that may be quoted."
    )
    pattern: str = option(
        r"\"([^\"\n]+)\"|“([^”\n]+)”|`([^`\n]+)`",
        help="Regular expression whose groups are quotations.",
    )
    shortest: int = option(3, help="Shortest quotation that counts, in characters.")
