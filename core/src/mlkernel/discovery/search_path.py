"""The folders in which installed packages are looked for."""

from __future__ import annotations

import os
import site
import sys


def search_path() -> list[str]:
    """Return the entries of ``sys.path`` that may hold plugins, in order and without repetition.

    The current folder and the folder of the started script are left out even where Python itself would import from
    them: a checkout that one happens to stand in must not be able to bring plugins.
    """
    sites = {os.path.realpath(folder) for folder in (*site.getsitepackages(), site.getusersitepackages())}
    never = {os.path.realpath(os.curdir), os.path.realpath(os.path.dirname(sys.argv[0]))} - sites
    folders = dict.fromkeys(os.path.realpath(entry) for entry in sys.path if entry)
    return [folder for folder in folders if folder not in never]
