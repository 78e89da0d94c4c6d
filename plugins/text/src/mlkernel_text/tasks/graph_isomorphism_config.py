"""The configuration of graph isomorphism."""

from attrs import frozen
from attrs.validators import and_, deep_iterable, ge, gt, le, lt, min_len

from mlkernel import option
from mlkernel_text.tasks.split_sizes import SplitSizes


@frozen(kw_only=True)
class GraphIsomorphismConfig(SplitSizes):
    """Random graphs (Erdős-Rényi)."""

    min_nodes: int = option(5, help="Nodes of the smallest graphs.", validator=and_(ge(4), le(12)))
    max_nodes: int = option(8, help="Nodes of the largest graphs.", validator=and_(ge(4), le(12)))
    edge_probabilities: tuple[float, ...] = option(
        (0.2, 0.4, 0.6, 0.8),
        help="How likely two nodes are joined; one of these is drawn for each pair of graphs.",
        validator=[min_len(1), deep_iterable(and_(gt(0.0), lt(1.0)))],
    )
