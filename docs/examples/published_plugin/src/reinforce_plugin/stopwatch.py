"""A listener: active in every run once this package is installed."""

from mlkernel import Run, hookimpl


class Stopwatch:
    """Says at the end of a run what it took."""

    def __init__(self) -> None:
        self.checkpoints = 0

    @hookimpl
    def on_checkpoint_saved(self) -> None:
        self.checkpoints += 1

    @hookimpl
    def on_run_finished(self, run: Run) -> None:
        run.logger.info("stopwatch", seconds=round(run.elapsed, 1), checkpoints=self.checkpoints)
