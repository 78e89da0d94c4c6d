"""A launcher whose jobs cannot reach the driver of their study, as on a batch queue."""

from mlkernel import LauncherCapabilities
from mlkernel.launcher.local import Local
from mlkernel.launcher.local_config import LocalConfig


class Deaf(Local):
    """Processes of this machine that nobody talks to."""

    Config = LocalConfig
    capabilities = LauncherCapabilities(channel=False, memory_limit=True)


class Counted(Deaf):
    """Counts in a file how often it is asked what became of its jobs."""

    def poll(self, handles):
        with self._folder.with_name("polls.txt").open("a") as file:
            file.write(".")
        return super().poll(handles)


class Broken(Deaf):
    """Starts what cannot start."""

    def submit(self, specs):
        broken = [type(spec)(key=spec.key, argv=("false",), directory=spec.directory) for spec in specs]
        return super().submit(broken)
