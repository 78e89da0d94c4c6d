"""The kernel's own answers to the questions of the hook system, given when no plugin answers first."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkernel.checkpoint.state_codec import FindCodec, StateCodec
from mlkernel.checkpoint.state_tree import load_state, save_state
from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import UnknownNameError, UsageError
from mlkernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from mlkernel.fine_tune_job import FineTuneJob, FineTuneRequest
    from mlkernel.progress.progress_bar import ProgressBar
    from mlkernel.run.run import Run
    from mlkernel.run.trainer import Trainer


def codec_finder() -> FindCodec:
    """Finds installed state codecs by name, each once."""
    found: dict[str, StateCodec | None] = {}

    def find(name: str) -> StateCodec | None:
        if name not in found:
            try:
                found[name] = resolve("state_codec", name).factory()()
            except UnknownNameError:
                found[name] = None
        return found[name]

    return find


class KernelAnswers:
    """Answers by component name, with files of JSON and state codecs, and that it knows no provider."""

    def __init__(self, find_codec: FindCodec) -> None:
        self._find_codec = find_codec

    @hookimpl(trylast=True)
    def save_checkpoint(self, state: dict[str, Any], directory: Path) -> bool:
        """Write the state with the installed codecs."""
        save_state(state, directory, self._find_codec)
        return True

    @hookimpl(trylast=True)
    def load_checkpoint(self, directory: Path) -> dict[str, Any]:
        """Read the state with the installed codecs."""
        return load_state(directory, self._find_codec)

    @hookimpl(trylast=True)
    def make_loss_module(self, trainer: Trainer, name: str | None) -> Any:
        """The component that the configuration names."""
        return None if name is None else resolve("loss_module", name).factory()(trainer)

    @hookimpl(trylast=True)
    def make_progress_bar(self, run: Run, name: str) -> ProgressBar:
        """The component that the configuration names; ``auto`` looks at standard error."""
        if name == "auto":
            is_live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
            name = "rich" if is_live else "plain"
        bar: ProgressBar = resolve("progress_bar", name).factory()(run)
        return bar

    # Wrappers, and not the last answers: what registers later, as the trainer does, would come after those.
    @hookimpl(wrapper=True)
    def create_fine_tune_job(
        self, request: FineTuneRequest
    ) -> Generator[None, FineTuneJob | None, FineTuneJob]:
        """Refuse where nobody answers."""
        return _answered((yield), request.provider)

    @hookimpl(wrapper=True)
    def poll_fine_tune_job(self, job: FineTuneJob) -> Generator[None, FineTuneJob | None, FineTuneJob]:
        """Refuse where nobody answers."""
        return _answered((yield), job.provider)

    @hookimpl(wrapper=True)
    def cancel_fine_tune_job(self, job: FineTuneJob) -> Generator[None, FineTuneJob | None, FineTuneJob]:
        """Refuse where nobody answers."""
        return _answered((yield), job.provider)


def _answered(job: FineTuneJob | None, provider: str) -> FineTuneJob:
    """The answer of the plugin that runs the provider's jobs.

    :raises UsageError: no plugin gave one.
    """
    if job is None:
        raise UsageError(
            f"no plugin answers for the fine-tune provider {provider!r}",
            hint="Choose another back end, or install the plugin that answers for this one; "
            "kernel plugin list shows what is installed.",
        )
    return job
