"""The kinds of component that the core declares, by the road that any plugin takes to declare its own."""

from __future__ import annotations

from mlkernel.descriptors import Kind

trainer = Kind(
    name="trainer",
    summary="Trains something; chosen with kernel run --trainer NAME.",
    protocol="mlkernel.run.trainer:Trainer",
    checks="mlkernel.testing.trainer_checks:trainer_checks",
    template="mlkernel.scaffold.trainer",
)
loss_module = Kind(
    name="loss_module",
    summary="What a trainer minimises; its factory takes the trainer.",
    checks="mlkernel.testing.component_checks:component_checks",
)
progress_bar = Kind(
    name="progress_bar",
    summary="Shows how far a run is.",
    protocol="mlkernel.progress.progress_bar:ProgressBar",
    checks="mlkernel.testing.progress_bar_checks:progress_bar_checks",
    template="mlkernel.scaffold.progress_bar",
)
listener = Kind(
    name="listener",
    summary="Hears of every run on this machine and may answer hooks; active once installed, unless blocked.",
    checks="mlkernel.testing.listener_checks:listener_checks",
    template="mlkernel.scaffold.listener",
)
state_codec = Kind(
    name="state_codec",
    summary="Stores the arrays of one library in checkpoints; named like the library's top-level module.",
    protocol="mlkernel.checkpoint.state_codec:StateCodec",
    checks="mlkernel.testing.state_codec_checks:state_codec_checks",
)
command = Kind(
    name="command",
    summary="Adds a command to kernel; its descriptor's factory names a module.",
    protocol="mlkernel.command:Command",
    checks="mlkernel.testing.command_checks:command_checks",
)
server = Kind(
    name="server",
    summary="Answers requests of other programs; started with kernel serve NAME.",
    protocol="mlkernel.server:Server",
    checks="mlkernel.testing.component_checks:component_checks",
)
search_algorithm = Kind(
    name="search_algorithm",
    summary="Proposes the points that a study tries.",
    protocol="mlkernel.study.search_algorithm:SearchAlgorithm",
    checks="mlkernel.testing.search_algorithm_checks:search_algorithm_checks",
)
trial_scheduler = Kind(
    name="trial_scheduler",
    summary="Decides which trials of a study train on, and which end early.",
    protocol="mlkernel.study.trial_scheduler:TrialScheduler",
    checks="mlkernel.testing.trial_scheduler_checks:trial_scheduler_checks",
)
launcher = Kind(
    name="launcher",
    summary="Runs commands somewhere and tells truly what became of them; chosen with launcher=NAME in a study.",
    protocol="mlkernel.launcher.launcher:Launcher",
    checks="mlkernel.testing.launcher_checks:launcher_checks",
)
tracker = Kind(
    name="tracker",
    summary="Sends what runs log to another program; chosen with --tracker NAME.",
    protocol="mlkernel.tracker.tracker:Tracker",
    checks="mlkernel.testing.tracker_checks:tracker_checks",
)
