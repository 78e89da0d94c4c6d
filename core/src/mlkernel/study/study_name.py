"""The name of a study, which is that of its folder, too."""

from __future__ import annotations

import re

from mlkernel.errors import UsageError

_NAME = re.compile(r"[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,199}")


def check_study_name(name: str) -> str:
    """Return *name* if a study may be called that.

    :raises UsageError: it could lead out of the folder of studies, or hide in it.
    """
    if _NAME.fullmatch(name):
        return name
    raise UsageError(
        f"{name!r} cannot be the name of a study: it names a folder, in at most 200 characters, without slashes and "
        "without a dot in front"
    )
