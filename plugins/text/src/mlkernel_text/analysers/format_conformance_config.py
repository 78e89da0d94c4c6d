"""Options of the analyser ``format-conformance``. Imports nothing heavy."""

from attrs import frozen

from mlkernel import option


@frozen(kw_only=True)
class FormatConformanceConfig:
    """What counts as the format."""

    agents: tuple[str, ...] = option((), help="Agents whose answers are checked; empty: all.")
    pattern: str | None = option(
        None, help="Regular expression that a whole answer must match; none: the rules of the scenario."
    )
