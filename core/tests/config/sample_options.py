"""Configuration classes that the tests share."""

from enum import Enum
from pathlib import Path
from typing import Any, Literal

from attrs import frozen, validators

from mlkernel.config.option import option
from mlkernel.config.secret import Secret


class Activation(Enum):
    TANH = "tanh"
    RELU = "relu"


@frozen(kw_only=True)
class EnvironmentOptions:
    name: str = option("CartPole-v1", help="Identifier.")
    count: int = option(1, help="How many at once.", validator=validators.ge(1))
    settings: dict[str, Any] = option(factory=dict, help="Passed on.")


@frozen(kw_only=True)
class ScheduleOptions:
    kind: Literal["linear", "cosine"] = option("linear", help="Shape.")
    warmup: int = option(0, help="Steps.")


@frozen(kw_only=True)
class SampleOptions:
    lr: float = option(3e-4, help="Step size.", validator=validators.gt(0))
    steps: int = option(help="How long.")
    env: EnvironmentOptions = option(EnvironmentOptions(count=8), help="Where.")
    schedule: ScheduleOptions | None = option(None, help="Changes lr.")
    sizes: tuple[int, ...] = option((64, 64), help="Hidden layers.", validator=validators.min_len(1))
    activation: Activation = option(Activation.TANH, help="Between layers.")
    gamma: float | None = option(
        None, help="Discount.", validator=validators.optional([validators.ge(0), validators.le(1)])
    )
    device: int | Literal["auto"] = option("auto", help="Number, or auto.")
    comment: str | None = option(None, help="Anything.")
    folder: Path | None = option(None, help="Where data lies.")
    optimizer: str = option("adam", help="Name.", validator=validators.in_(["adam", "sgd"]))
    key: Secret | None = option(None, help="Of a service.", secret=True)
