"""The configuration that all reinforcement-learning trainers share. Imports no torch."""

from typing import Any, Literal

from attrs import frozen
from attrs.validators import ge, gt, le, min_len, optional

from mlkernel import option
from mlkernel_torch.torch_config import TorchConfig


@frozen(kw_only=True)
class EnvironmentConfig:
    """Which environment, and how many of them."""

    name: str = option(
        "CartPole-v1",
        help="A native environment, a Gymnasium id, or a factory: package.module:factory, ./file.py:factory.",
    )
    backend: Literal["auto", "native", "gymnasium"] = option(
        "auto", help="Where a name is looked up; auto prefers a native environment of that name."
    )
    count: int = option(8, help="Environments stepped together.", validator=ge(1))
    kwargs: dict[str, Any] = option(factory=dict, help="Arguments for gymnasium.make, or for the factory.")


@frozen(kw_only=True)
class NetworkConfig:
    """Policy and value networks: two perceptrons of the same shape."""

    hidden: tuple[int, ...] = option((64, 64), help="Units of the hidden layers.", validator=min_len(1))
    activation: Literal["tanh", "relu", "elu", "silu"] = option("tanh", help="Between the layers.")
    initial_log_std: float = option(
        0.0, help="Logarithm of the first standard deviation of real-valued actions."
    )


@frozen(kw_only=True)
class RlConfig:
    """Everything but the loss."""

    env: EnvironmentConfig = option(factory=EnvironmentConfig, help="The environment.")
    network: NetworkConfig = option(factory=NetworkConfig, help="The networks.")
    torch: TorchConfig = option(factory=TorchConfig, help="How torch is used.")
    loss_module: str | None = option(None, help="Name of a loss module to use instead of the trainer's own.")

    iterations: int = option(250, help="Rollouts, each followed by an update.", validator=ge(1))
    steps: int = option(32, help="Steps of each environment in one rollout.", validator=ge(1))
    epochs: int = option(10, help="Passes over each rollout.", validator=ge(1))
    minibatches: int = option(1, help="Minibatches per pass.", validator=ge(1))
    lr: float = option(1.5e-3, help="Learning rate of Adam.", validator=gt(0))
    lr_schedule: Literal["constant", "linear", "cosine"] = option(
        "linear", help="How it falls to zero, if it does."
    )
    max_grad_norm: float = option(0.5, help="Bound on the norm of a gradient.", validator=gt(0))
    gamma: float = option(0.98, help="Discount factor.", validator=[ge(0), le(1)])
    gae_lambda: float = option(
        0.8, help="Lambda of generalised advantage estimation.", validator=[ge(0), le(1)]
    )
    normalise_observations: bool = option(False, help="Standardise observations by their running moments.")
    normalise_rewards: bool = option(False, help="Divide rewards by the running deviation of the return.")

    log_every: int = option(10, help="Iterations between two records of metrics.", validator=ge(1))
    evaluate_every: int | None = option(
        25,
        help="Iterations between two evaluations; the best state by them is kept.",
        validator=optional(ge(1)),
    )
    evaluation_episodes: int = option(10, help="Episodes of an evaluation.", validator=ge(1))
    test_episodes: int = option(20, help="Episodes of the test at the end.", validator=ge(0))
    test_with: Literal["best", "last"] = option(
        "best", help="The state that is tested: the best evaluated, or the last."
    )
    record_episodes: int = option(0, help="Episodes recorded as GIF files after the test.", validator=ge(0))
    learning_curve: bool = option(
        True, help="Draw returns over environment steps in artifacts/learning-curve.png (needs matplotlib)."
    )
