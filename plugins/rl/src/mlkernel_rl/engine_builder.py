"""From a road to the engine that takes it."""

from __future__ import annotations

from mlkernel_rl.compiled_engine import CompiledEngine
from mlkernel_rl.eager_engine import EagerEngine
from mlkernel_rl.engine import Engine
from mlkernel_rl.engine_parts import EngineParts
from mlkernel_rl.native_engine import NativeEngine
from mlkernel_rl.road import EAGER, is_torchrl


def build_engine(road: str, parts: EngineParts) -> Engine:
    """Return the engine for *road*, in its first state."""
    if is_torchrl(parts.loss_module):
        from mlkernel_rl.tensordict_engine import TensorDictEngine

        return TensorDictEngine(parts)
    if road == EAGER:
        return EagerEngine(parts)
    return CompiledEngine(parts) if parts.choice.native is None else NativeEngine(parts, parts.choice.native)
