"""Imports of the frameworks for which a target was written, where they are not installed."""

from __future__ import annotations

import re

ADVICE = {
    "ray": "No base class is needed: let the class derive from nothing, and remove the import.",
    "hpogrid": "No base class is needed: let the class derive from nothing, and remove the import.",
    "mle_toolbox": "Import get_configs_ready, DeepLogger or MLExperiment from mlkernel.study.mle_toolbox instead.",
}


def import_advice(message: str) -> str | None:
    """What to do about the import that *message* tells of, if it is one of those.

    :param message: of a ``ModuleNotFoundError``, or anything that ends with it.
    """
    missing = re.search(r"No module named '(\w+)", message)
    return ADVICE.get(missing[1]) if missing else None
