"""Where a study's files lie for a driver that joined it from another folder or machine."""

from __future__ import annotations

from pathlib import Path

import attrs
from attrs import frozen

from mlkernel.study.study_config import StudyConfig


@frozen
class FileMove:
    """From the folder in which a study began to the one in which it is worked on: what lay in it lies there, too."""

    began: str | None = None
    here: str | None = None
    """``None`` where nothing moved."""

    def path(self, text: str) -> str:
        """*text* as it is here, if it is the path of a file that moved."""
        if self.began is None or self.here is None or not Path(text).is_relative_to(self.began):
            return text
        return str(Path(self.here) / Path(text).relative_to(self.began))

    def config(self, config: StudyConfig) -> StudyConfig:
        """*config* as it is here."""
        if self.here is None:
            return config
        return attrs.evolve(
            config,
            trainer=self.path(config.trainer),
            config=[self.path(file) for file in config.config],
            configurations=[self.path(file) for file in config.configurations],
            directory=self.here,
        )
