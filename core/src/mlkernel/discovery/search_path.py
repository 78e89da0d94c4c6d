"""The folders in which installed packages are looked for."""

from __future__ import annotations

import site
import sys
from functools import lru_cache
from pathlib import Path


def search_path() -> list[str]:
    """Return the entries of ``sys.path`` that may hold plugins, in order and without repetition.

    The current folder and the folder of the started script are left out even where Python itself would import from
    them: a checkout that one happens to stand in must not be able to bring plugins.
    """
    sites = {_resolved(folder) for folder in (*site.getsitepackages(), site.getusersitepackages())}
    script = Path(sys.argv[0]).resolve()
    never = {_resolved("."), str(script.parent if script.is_file() else script)} - sites
    folders = dict.fromkeys(_resolved(entry) for entry in sys.path if entry)
    return [folder for folder in folders if folder not in never]


def _resolved(folder: str) -> str:
    return _without_links(Path(folder).absolute())


@lru_cache(maxsize=256)
def _without_links(folder: Path) -> str:
    return str(folder.resolve())
