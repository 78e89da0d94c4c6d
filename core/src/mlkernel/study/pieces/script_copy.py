"""Copies of the scripts and configuration files of a project, so that no path leads out of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from mlkernel.errors import UsageError

CACHE = "__pycache__"
OWN_MARKS = ("study.sqlite", "study.json", "plan.json")
"""Files by which folders of studies and runs are known."""


def copy_scripts(source: Path, target: Path, *, without: Sequence[Path] = ()) -> None:
    """Copy a script, or all of a folder, to the folder *target*; links are followed.

    What is hidden by a dot in front is left out: version control, caches, and secrets such as ``.env``.

    :param without: folders that are left out as well, beside those of studies and runs.
    :raises UsageError: there is no *source*, or a link in it leads nowhere or around.
    """
    target.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        shutil.copy(source, target / source.name)
        return
    if not source.is_dir():
        raise UsageError(f"the scripts {source} do not exist", hint=f"Paths begin at {Path.cwd()}.")
    left_out = {path.resolve() for path in without}
    for path, is_folder in _entries(source, (source.resolve(),), left_out):
        place = target / path.relative_to(source)
        if is_folder:
            place.mkdir()
        else:
            shutil.copy(path, place)


def _entries(folder: Path, above: tuple[Path, ...], left_out: set[Path]) -> Iterator[tuple[Path, bool]]:
    """Everything in *folder*, folders before what they hold; and whether it is a folder."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == CACHE:
            continue
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise UsageError(
                f"the link {path} leads nowhere", hint="Mend or delete it, or name another --scripts_path."
            ) from error
        if real.is_file():
            yield path, False
        elif not real.is_dir():
            raise UsageError(f"{path} is no file that could be copied", hint="Move it out of the scripts.")
        elif real not in left_out and not _holds_runs(real):
            if real in above:
                raise UsageError(f"the link {path} leads around to {real}", hint="Delete it.")
            yield path, True
            yield from _entries(path, (*above, real), left_out)


def _holds_runs(folder: Path) -> bool:
    """Whether *folder* is one of runs or studies: its folders are marked."""
    return any(next(folder.glob(f"*/{mark}"), None) is not None for mark in OWN_MARKS)
