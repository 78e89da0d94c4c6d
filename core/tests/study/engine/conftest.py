"""What drives studies is tested where the search algorithms are installed: the core alone has none."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("mlkernel_search") else ["test_*.py"]
