from mlkernel import Descriptor

listener = Descriptor(
    name="every_hook",
    summary="Writes down every call.",
    factory="every_hook_listener:EveryHook",
)
trainer = Descriptor(
    name="every_hook",
    summary="Gives every hook a reason to be called.",
    factory="every_hook_trainer:EveryHookTrainer",
    config="every_hook_trainer:EveryHookConfig",
)
