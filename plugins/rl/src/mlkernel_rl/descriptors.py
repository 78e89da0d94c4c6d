"""The components of this package, told without importing torch."""

from __future__ import annotations

from mlkernel import Descriptor, Kind

environment = Kind(
    name="environment",
    summary="Native environment: pure batched dynamics that a whole training iteration is compiled around.",
    protocol="mlkernel_rl.environments.native:NativeEnvironment",
    checks="mlkernel_rl.environments.native_checks:native_environment_checks",
)
ppo = Descriptor(
    name="ppo",
    summary="Proximal policy optimisation (clipped or KL-penalised) on any Gymnasium environment.",
    factory="mlkernel_rl.ppo:PPO",
    config="mlkernel_rl.ppo_config:PPOConfig",
    needs=("torch", "numpy"),
)
cartpole = Descriptor(
    name="CartPole-v1",
    summary="Balance a pole on a cart; two actions, 500 steps.",
    factory="mlkernel_rl.environments.cartpole:CartPole",
    needs=("numpy",),
)
pendulum = Descriptor(
    name="Pendulum-v1",
    summary="Swing a pendulum up; one real action, 200 steps.",
    factory="mlkernel_rl.environments.pendulum:Pendulum",
    needs=("numpy",),
)
