"""A disk with little room, which can be given more."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Self


class SmallDisk:
    """A file system in memory, mounted at *folder* while it is entered as a context manager."""

    def __init__(self, folder: Path, kilobytes: int) -> None:
        self.folder, self._kilobytes = folder, kilobytes
        folder.mkdir()

    def __enter__(self) -> Self:
        self._mount(f"size={self._kilobytes}k")
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=True)

    def grow(self, kilobytes: int) -> None:
        """Make room."""
        self._mount(f"remount,size={kilobytes}k")

    def _mount(self, options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", self.folder], check=True)


def cannot_mount() -> bool:
    """Whether file systems cannot be mounted here."""
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("mount") is None:
        return True
    probe = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return probe.returncode != 0
