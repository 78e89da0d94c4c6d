"""The compiled road for environments that are stepped in Python: everything after the rollout is one graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlkernel_rl.engine import EngineSettings, IterationOutcome
from mlkernel_rl.engine_parts import EngineParts
from mlkernel_rl.environments.spaces import FloatArray
from mlkernel_rl.graph_cache import GraphCache, default_cache_directory
from mlkernel_rl.graph_key import graph_key, metric_names
from mlkernel_rl.graph_library import GraphFunction
from mlkernel_rl.iteration_graph import Experience, Learner, Networks, learn, training_batch
from mlkernel_rl.learner_state import LearnerState
from mlkernel_rl.packing import Packing, Tensors
from mlkernel_rl.rollout import Rollout


class LearningGraph:
    """Log-probabilities, values, advantages and all updates of an iteration, as a function of flat tensors."""

    def __init__(self, networks: Networks, settings: EngineSettings, learner_groups: list[list[str]]) -> None:
        self.networks = networks
        self.settings = settings
        self.inputs = Packing(*learner_groups, Experience._fields, ["minibatches", "learning_rate"])
        self.outputs = Packing(*learner_groups[:4])

    def __call__(self, *flat: Tensor) -> tuple[Tensor, ...]:
        """Map the packed inputs to the packed learner, followed by the metrics in the order of their names."""
        parameters, first, second, updates, buffers, experience, drawn = self.inputs.unpack(flat)
        settings, networks = self.settings, self.networks
        batch = training_batch(
            networks, {**parameters, **buffers}, Experience(**experience), settings.gamma, settings.gae_lambda
        )
        learner, metrics = learn(
            networks,
            settings.adam,
            Learner(parameters, first, second, updates["updates"]),
            buffers,
            batch,
            drawn["minibatches"],
            drawn["learning_rate"],
        )
        changed = (
            learner.parameters,
            learner.first_moment,
            learner.second_moment,
            {"updates": learner.updates},
        )
        return (*self.outputs.pack(*changed), *(metrics[name] for name in sorted(metrics)))


def as_function(graph: Any) -> GraphFunction:
    """Return a plain function, which is what the compiler wants."""

    def iteration(*flat: Tensor) -> tuple[Tensor, ...]:
        result: tuple[Tensor, ...] = graph(*flat)
        return result

    return iteration


class CompiledEngine:
    """See :class:`mlkernel_rl.engine.Engine`."""

    road = "compiled update"

    def __init__(self, parts: EngineParts) -> None:
        networks = Networks.of(parts.actor, parts.critic, parts.loss_module)
        self._settings = parts.settings
        self._generator = parts.generator
        self._device = parts.device
        self._collector = parts.collector()
        self._metric_names = metric_names(parts)
        self._learner = LearnerState(parts.loss_module, parts.device)
        self._graph = LearningGraph(networks, self._settings, self._learner.groups)
        self._cache = GraphCache(default_cache_directory(), parts.announce)
        self._key = graph_key(parts)
        self._function: GraphFunction | None = None

    def iterate(self, learning_rate: float) -> IterationOutcome:
        """Do one iteration."""
        rollout, reward = self._collector.collect()
        drawn = {
            "minibatches": torch.from_numpy(self._settings.minibatch_indices(self._generator)).to(
                self._device
            ),
            "learning_rate": torch.tensor(learning_rate, device=self._device),
        }
        flat = self._graph.inputs.pack(*self._learner.tensors(), self._experience(rollout, reward), drawn)
        if self._function is None:
            self._function, _ = self._cache.compiled(as_function(self._graph), flat, self._key)
        with torch.no_grad():
            result = self._function(*flat)
        self._learner.take(*self._graph.outputs.unpack(result))
        metrics = dict(zip(self._metric_names, result[len(result) - len(self._metric_names) :], strict=True))
        return IterationOutcome(rollout.reward, rollout.terminated, rollout.truncated, metrics)

    def state_dict(self) -> dict[str, Any]:
        """Return the states of the optimiser and the environments."""
        return {"optimiser": self._learner.state_dict(), "collector": self._collector.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self._learner.load_state_dict(state["optimiser"])
        self._collector.load_state_dict(state["collector"])

    def _experience(self, rollout: Rollout, reward: FloatArray) -> Tensors:
        final = np.zeros_like(rollout.observation)
        for place, observation in rollout.final_observation.items():
            final[place] = observation
        experience = Experience(
            *(
                torch.from_numpy(array).to(self._device)
                for array in (
                    rollout.observation,
                    rollout.action,
                    reward,
                    rollout.terminated,
                    rollout.truncated,
                    rollout.last_observation,
                    final,
                )
            )
        )
        return experience._asdict()
