"""What this package adds, told without importing it."""

from mlkernel import Descriptor

trainer = Descriptor(
    name="reinforce",
    summary="REINFORCE with a learned baseline, on any Gymnasium environment.",
    factory="reinforce_plugin.reinforce:Reinforce",
    config="reinforce_plugin.reinforce_config:ReinforceConfig",
    needs=("torch",),
)
loss_module = Descriptor(
    name="reinforce",
    summary="Policy gradient with a baseline.",
    factory="reinforce_plugin.reinforce:ReinforceLoss",
    needs=("torch",),
)
progress_bar = Descriptor(
    name="dots",
    summary="A dot for every twentieth of a phase.",
    factory="reinforce_plugin.dots:Dots",
)
listener = Descriptor(
    name="stopwatch",
    summary="Logs how long a run took and how many checkpoints it made.",
    factory="reinforce_plugin.stopwatch:Stopwatch",
)
