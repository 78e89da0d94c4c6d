"""The compiled road for native environments: rollout, advantages and all updates of an iteration are one graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlkernel_rl.collector import action_noise
from mlkernel_rl.compiled_engine import as_function
from mlkernel_rl.engine import IterationOutcome
from mlkernel_rl.engine_parts import EngineParts
from mlkernel_rl.environments.native import NativeEnvironment
from mlkernel_rl.environments.spaces import BoxActions
from mlkernel_rl.graph_cache import GraphCache, default_cache_directory
from mlkernel_rl.graph_key import graph_key, metric_names
from mlkernel_rl.graph_library import GraphFunction
from mlkernel_rl.iteration_graph import (
    Experience,
    Learner,
    NativeRollout,
    Networks,
    apply,
    learn,
    native_rollout,
    training_batch,
)
from mlkernel_rl.learner_state import LearnerState
from mlkernel_rl.packing import Packing, Tensors

_DRAWN = ("noise", "random", "minibatches", "learning_rate")
_TOLD = ("reward", "terminated", "truncated", "observation")


class NativeGraph:
    """A whole iteration as a function of flat tensors."""

    def __init__(self, parts: EngineParts, environment: NativeEnvironment, groups: list[list[str]]) -> None:
        self.environment = environment
        self.networks = Networks.of(parts.actor, parts.critic, parts.loss_module)
        self.settings = parts.settings
        self.observation_clip = parts.moments.clip if parts.moments else 0.0
        self.reward_clip = parts.reward_scaling.clip if parts.reward_scaling else 0.0
        self.inputs = Packing(*groups, _DRAWN)
        learner, state = groups[:4], groups[5]
        self.outputs = Packing(*learner, state, _TOLD)

    def __call__(self, *flat: Tensor) -> tuple[Tensor, ...]:
        """Map the packed inputs to the packed outputs, followed by the metrics in the order of their names."""
        parameters, first, second, updates, buffers, state, moments, scaling, bounds, drawn = (
            self.inputs.unpack(flat)
        )
        tensors = {**parameters, **buffers}
        networks, settings = self.networks, self.settings

        def normalised(observation: Tensor) -> Tensor:
            if not moments:
                return observation
            standardised = (observation - moments["offset"]) * moments["scale"]
            return standardised.clamp(-self.observation_clip, self.observation_clip)

        def act(observation: Tensor, noise: Tensor) -> Tensor:
            distribution = apply(networks.actor, networks.actor_names, tensors, normalised(observation))
            action: Tensor = distribution.sample(noise)
            return action

        rollout = native_rollout(self.environment, act, bounds, state, drawn["noise"], drawn["random"])
        reward = rollout.reward
        if scaling:
            reward = (reward * scaling["scale"]).clamp(-self.reward_clip, self.reward_clip)
        experience = Experience(
            observation=normalised(rollout.observation),
            action=rollout.action,
            reward=reward,
            terminated=rollout.terminated,
            truncated=rollout.truncated,
            last_observation=normalised(rollout.last_observation),
            final_observation=normalised(rollout.final_observation),
        )
        batch = training_batch(networks, tensors, experience, settings.gamma, settings.gae_lambda)
        learner = Learner(parameters, first, second, updates["updates"])
        learner, metrics = learn(
            networks, settings.adam, learner, buffers, batch, drawn["minibatches"], drawn["learning_rate"]
        )
        return (*self._packed(learner, rollout), *(metrics[name] for name in sorted(metrics)))

    def _packed(self, learner: Learner, rollout: NativeRollout) -> list[Tensor]:
        told = {name: getattr(rollout, name) for name in _TOLD}
        changed = (
            learner.parameters,
            learner.first_moment,
            learner.second_moment,
            {"updates": learner.updates},
        )
        return self.outputs.pack(*changed, rollout.state, told)


class NativeEngine:
    """See :class:`mlkernel_rl.engine.Engine`."""

    road = "compiled iteration"

    def __init__(self, parts: EngineParts, environment: NativeEnvironment) -> None:
        self._environment = environment
        self._settings = parts.settings
        self._generator = parts.generator
        self._moments = parts.moments
        self._reward_scaling = parts.reward_scaling
        self._device = parts.device
        self._metric_names = metric_names(parts)
        self._learner = LearnerState(parts.loss_module, parts.device)
        self._state = self._first_state(np.random.default_rng(parts.first_episode_seed))
        self._graph = NativeGraph(parts, environment, self._input_groups())
        self._cache = GraphCache(default_cache_directory(), parts.announce)
        self._key = graph_key(parts)
        self._function: GraphFunction | None = None

    def iterate(self, learning_rate: float) -> IterationOutcome:
        """Do one iteration."""
        drawn = self._drawn(learning_rate)
        flat = self._graph.inputs.pack(
            *self._learner.tensors(), self._state, *self._constants().values(), drawn
        )
        if self._function is None:
            self._function, _ = self._cache.compiled(as_function(self._graph), flat, self._key)
        with torch.no_grad():
            result = self._function(*flat)
        parameters, first, second, updates, self._state, told = self._graph.outputs.unpack(result)
        self._learner.take(parameters, first, second, updates)
        self._update_statistics(told)
        metrics = dict(zip(self._metric_names, result[len(result) - len(self._metric_names) :], strict=True))
        return IterationOutcome(told["reward"], told["terminated"], told["truncated"], metrics)

    def state_dict(self) -> dict[str, Any]:
        """Return the states of the optimiser and the environments."""
        return {"optimiser": self._learner.state_dict(), "environment": dict(self._state)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self._learner.load_state_dict(state["optimiser"])
        self._state = {name: state["environment"][name].to(self._device) for name in self._state}

    def _first_state(self, generator: np.random.Generator) -> Tensors:
        shape = (self._settings.count, self._environment.random_size)
        random = torch.from_numpy(generator.random(shape, dtype=np.float32)).to(self._device)
        state = {name: value.clone() for name, value in self._environment.reset(random, torch).items()}
        return {**state, "elapsed": torch.zeros(self._settings.count, dtype=torch.int64, device=self._device)}

    def _input_groups(self) -> list[list[str]]:
        """Return the names of what goes into the graph, except for what is drawn."""
        constants = [list(tensors) for tensors in self._constants().values()]
        return [*self._learner.groups, list(self._state), *constants]

    def _constants(self) -> dict[str, Tensors]:
        """Return what is fixed during an iteration: the normalisation and the bounds of the actions."""
        moments, scaling, actions = self._moments, self._reward_scaling, self._environment.actions
        return {
            "moments": self._on_device(offset=moments.offset, scale=moments.scale) if moments else {},
            "scaling": self._on_device(scale=scaling.scale) if scaling else {},
            "bounds": self._on_device(low=actions.low, high=actions.high)
            if isinstance(actions, BoxActions)
            else {},
        }

    def _drawn(self, learning_rate: float) -> Tensors:
        settings, generator, environment = self._settings, self._generator, self._environment
        shape = (settings.steps, settings.count)
        drawn = self._on_device(
            noise=action_noise(generator, shape, environment.actions),
            random=generator.random((*shape, environment.random_size), dtype=np.float32),
            minibatches=settings.minibatch_indices(generator),
        )
        return {**drawn, "learning_rate": torch.tensor(learning_rate, device=self._device)}

    def _update_statistics(self, told: Tensors) -> None:
        if self._reward_scaling is not None:
            done = (told["terminated"] | told["truncated"]).cpu().numpy()
            self._reward_scaling(told["reward"].cpu().numpy(), done)
        if self._moments is not None:
            self._moments.update(told["observation"].flatten(0, 1).cpu().numpy())

    def _on_device(self, **arrays: Any) -> Tensors:
        return {name: torch.from_numpy(array).to(self._device) for name, array in arrays.items()}
