"""The pure functions of tensors that a compiled iteration is composed of; each becomes part of one graph.

``torch.compile`` sees no module state here: parameters, buffers and optimiser moments go in and come out as dicts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan
from torch.func import functional_call, grad_and_value

from mlkernel_rl.adam import AdamSettings
from mlkernel_rl.environments.native import NativeEnvironment
from mlkernel_rl.losses import total_loss

Tensors = dict[str, Tensor]
LearnerTuple = tuple[Tensors, Tensors, Tensors, Tensor]


class Learner(NamedTuple):
    """Everything the update changes."""

    parameters: Tensors
    first_moment: Tensors
    second_moment: Tensors
    updates: Tensor  # float32 scalar, the number of updates made so far


def adam_step(learner: Learner, gradients: Tensors, learning_rate: Tensor, adam: AdamSettings) -> Learner:
    """Clip the gradients' norm and take one Adam step (Kingma and Ba 2015, algorithm 1)."""
    norm = torch.sqrt(torch.stack([(g * g).sum() for g in gradients.values()]).sum())
    scale = torch.clamp(adam.max_grad_norm / (norm + 1e-6), max=1.0)
    updates = learner.updates + 1
    correction1, correction2 = 1 - adam.beta1**updates, 1 - adam.beta2**updates
    parameters: Tensors = {}
    first: Tensors = {}
    second: Tensors = {}
    for name, parameter in learner.parameters.items():
        gradient = gradients[name] * scale
        first[name] = learner.first_moment[name] + (1 - adam.beta1) * (gradient - learner.first_moment[name])
        second[name] = learner.second_moment[name] + (1 - adam.beta2) * (
            gradient * gradient - learner.second_moment[name]
        )
        denominator = (second[name] / correction2).sqrt() + adam.epsilon
        parameters[name] = parameter - learning_rate * (first[name] / correction1) / denominator
    return Learner(parameters, first, second, updates)


class Experience(NamedTuple):
    """A rollout as tensors; T steps, N environments, observations of D numbers."""

    observation: Tensor  # [T, N, D], normalised where that is on
    action: Tensor  # [T, N] or [T, N, A]
    reward: Tensor  # [T, N], scaled where that is on
    terminated: Tensor  # [T, N] bool
    truncated: Tensor  # [T, N] bool
    last_observation: Tensor  # [N, D]
    final_observation: Tensor  # [T, N, D]; only the truncated ones are read


class Networks(NamedTuple):
    """The three modules, and under which names the loss module's parameters are the other two's."""

    actor: nn.Module
    critic: nn.Module
    loss_module: nn.Module
    actor_names: dict[str, str]
    critic_names: dict[str, str]

    @classmethod
    def of(cls, actor: nn.Module, critic: nn.Module, loss_module: nn.Module) -> Networks:
        """Find the actor's and critic's parameters and buffers among the loss module's."""
        owner = {id(tensor): name for name, tensor in named_tensors(loss_module).items()}
        names = [
            {name: owner[id(tensor)] for name, tensor in named_tensors(m).items()} for m in (actor, critic)
        ]
        return cls(actor, critic, loss_module, *names)


def named_tensors(module: nn.Module) -> dict[str, Tensor]:
    """Return parameters and buffers by name."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def apply(module: nn.Module, names: dict[str, str], tensors: Tensors, observation: Tensor) -> Any:
    """Call *module* with its tensors taken from the loss module's."""
    return functional_call(module, {name: tensors[source] for name, source in names.items()}, (observation,))


def training_batch(
    networks: Networks, tensors: Tensors, experience: Experience, gamma: float, lambda_: float
) -> Tensors:
    """Return the flat batch, [T * N, ...]: log-probabilities, values and advantages of a rollout.

    The advantages are those of :func:`mlkernel_rl.advantage.generalised_advantages`, as a scan.
    """
    steps, count = experience.reward.shape
    observation = experience.observation.flatten(0, 1)
    action = experience.action.flatten(0, 1)
    log_prob = apply(networks.actor, networks.actor_names, tensors, observation).log_prob(action)
    seen = torch.cat([observation, experience.last_observation, experience.final_observation.flatten(0, 1)])
    values = apply(networks.critic, networks.critic_names, tensors, seen)
    value = values[: steps * count].view(steps, count)
    last_value = values[steps * count : (steps + 1) * count].view(1, count)
    final_value = values[(steps + 1) * count :].view(steps, count)

    continues = (~(experience.terminated | experience.truncated)).float()
    next_value = torch.cat([value[1:], last_value]) * continues
    next_value = torch.where(experience.truncated, final_value, next_value)
    delta = experience.reward + gamma * next_value - value

    def backwards(running: Tensor, step: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        running = step[0] + step[1] * running
        return running, running.clone()

    start = torch.zeros_like(delta[0])
    _, advantage = scan(backwards, start, (delta, gamma * lambda_ * continues), dim=0, reverse=True)
    return {
        "observation": observation,
        "action": action,
        "log_prob": log_prob,
        "value": value.flatten(),
        "advantage": advantage.flatten(),
        "value_target": (advantage + value).flatten(),
        "reward": experience.reward.flatten(),
    }


def learn(
    networks: Networks,
    adam: AdamSettings,
    learner: Learner,
    buffers: Tensors,
    batch: Tensors,
    minibatches: Tensor,
    learning_rate: Tensor,
) -> tuple[Learner, Tensors]:
    """Make one update per row of *minibatches*: indices [U, M], or [U, 0] for U updates on the whole batch.

    :returns: the learner, and the loss module's entries, [U] each.
    """
    whole = minibatches.shape[1] == 0
    rows = torch.arange(minibatches.shape[0]) if whole else minibatches

    def objective(parameters: Tensors, minibatch: Tensors) -> tuple[Tensor, Tensors]:
        entries = functional_call(networks.loss_module, {**parameters, **buffers}, (minibatch,))
        return total_loss(entries), dict(entries)

    def update(carry: LearnerTuple, indices: Tensor) -> tuple[LearnerTuple, Tensors]:
        learner = Learner(*carry)
        minibatch = batch if whole else {name: value[indices] for name, value in batch.items()}
        gradients, (_, entries) = grad_and_value(objective, has_aux=True)(learner.parameters, minibatch)
        learner = adam_step(learner, gradients, learning_rate, adam)
        return _plain(learner), {name: value.detach().clone() for name, value in entries.items()}

    carry, metrics = scan(update, _plain(learner), rows, dim=0)
    return Learner(*carry), metrics


class NativeRollout(NamedTuple):
    """What stepping a native environment inside the graph gives, before normalisation."""

    state: Tensors
    observation: Tensor  # [T, N, D]
    action: Tensor  # [T, N] or [T, N, A]
    reward: Tensor  # [T, N]
    terminated: Tensor  # [T, N] bool
    truncated: Tensor  # [T, N] bool
    final_observation: Tensor  # [T, N, D], after each step and before a reset
    last_observation: Tensor  # [N, D]


def native_rollout(
    environment: NativeEnvironment,
    act: Callable[[Tensor, Tensor], Tensor],
    bounds: Tensors,
    state: Tensors,
    noise: Tensor,
    random: Tensor,
) -> NativeRollout:
    """Step a native environment T times.

    :param environment: its dynamics.
    :param act: gives actions from observations [N, D] and noise [N, A].
    :param bounds: ``low`` and ``high`` [A] of the actions, or nothing.
    :param state: the environment's, and ``elapsed`` [N], the steps since each episode's start.
    :param noise: [T, N, A], decides the actions.
    :param random: [T, N, R] uniform, starts new episodes.
    """

    def step(state: Tensors, inputs: tuple[Tensor, Tensor]) -> tuple[Tensors, tuple[Tensor, ...]]:
        observation = environment.observe(state, torch)
        action = act(observation, inputs[0])
        applied = torch.clamp(action, bounds["low"], bounds["high"]) if bounds else action
        moved, reward, terminated = environment.step(state, applied, torch)
        elapsed = state["elapsed"] + 1
        truncated = (elapsed >= environment.max_episode_steps) & ~terminated
        done = terminated | truncated
        restarted = environment.reset(inputs[1], torch)
        after = {
            name: torch.where(_rows(done, value), restarted[name], value) for name, value in moved.items()
        }
        after["elapsed"] = torch.where(done, torch.zeros_like(elapsed), elapsed)
        final = environment.observe(moved, torch)
        return after, (observation.clone(), action.clone(), reward, terminated, truncated, final)

    state, history = scan(step, state, (noise, random), dim=0)
    observation, action, reward, terminated, truncated, final = history
    last = environment.observe(state, torch)
    return NativeRollout(state, observation, action, reward, terminated, truncated, final, last)


def _plain(learner: Learner) -> LearnerTuple:
    """Return a plain tuple, the only kind that a scan carries."""
    return learner.parameters, learner.first_moment, learner.second_moment, learner.updates


def _rows(done: Tensor, value: Tensor) -> Tensor:
    return done.reshape(-1, *[1] * (value.dim() - 1))
