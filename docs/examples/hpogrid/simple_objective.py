from collections.abc import Callable
from typing import Any


def simple_objective(config: dict[str, Any], reporter: Callable[..., None]) -> None:
    height, width = config["height"], config["width"]
    reporter(loss=(height - 14) ** 2 - abs(width - 3))
