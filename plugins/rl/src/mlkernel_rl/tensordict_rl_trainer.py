"""The base class of reinforcement-learning trainers: everything but the loss."""

from __future__ import annotations

import copy
import math
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from mlkernel import IterationContext, Run, UsageError, attach_progress_bar, draw_learning_curve
from mlkernel_rl.engine import Engine, IterationOutcome
from mlkernel_rl.engine_builder import build_engine
from mlkernel_rl.engine_parts import EngineParts
from mlkernel_rl.environments.choice import choose_environment
from mlkernel_rl.environments.spaces import DiscreteActions
from mlkernel_rl.episodes import Episodes
from mlkernel_rl.evaluation import episode_returns, record_episode
from mlkernel_rl.networks import MLP, Actor, Critic
from mlkernel_rl.normalisation import RewardScaling, RunningMoments
from mlkernel_rl.policy import Policy, acting_policy
from mlkernel_rl.rl_config import RlConfig
from mlkernel_rl.road import choose_road
from mlkernel_rl.schedule import remaining_share
from mlkernel_torch import TensorDictTrainer

if TYPE_CHECKING:
    from torchrl.modules import ProbabilisticActor, ValueOperator

_CLIP = 10.0  # bound on normalised observations and rewards, in standard deviations


class TensorDictRlTrainer(TensorDictTrainer):
    """Trains a policy on any environment; a subclass says what is minimised, in :meth:`_get_loss_module_and_gae`.

    A loss module is an ``nn.Module`` made of :attr:`actor` and :attr:`critic`. Its ``forward`` takes a flat batch, a
    mapping of tensors [B, ...]: ``observation``, ``action``, ``log_prob`` and ``value`` (under the policy that acted),
    ``advantage``, ``value_target``, ``reward``. It returns a mapping; the sum of its ``loss_...`` entries is minimised
    and the other entries are logged. A TorchRL ``LossModule`` is as good: it gets a TensorDict with TorchRL's keys.

    A run takes one of these roads, which ``kernel show`` tells: everything eager; the update compiled; with a native
    environment the whole iteration compiled.
    """

    actor: Actor
    """The policy: ``actor(observation)`` is a distribution over actions."""
    critic: Critic
    """The value function: ``critic(observation)`` is [B]."""
    loss_module: nn.Module
    """What is minimised."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        config: RlConfig = self.config
        _check(config)
        self._choice = choose_environment(config.env)
        self._environment = self._choice.vector(config.env.count, run.random("environments").seed_value)
        self._evaluation_environment = self._choice.vector(
            config.evaluation_episodes, run.random("evaluation").seed_value
        )
        self._build_networks()
        self._build_normalisation()
        self.loss_module, self.value_estimator = self._make_loss_module()
        self._episodes = Episodes(config.env.count)
        self._test_returns: list[float] = []
        self._road, self._reason = choose_road(config, self.actor, self.critic, self.loss_module, self.device)
        self._engine = self._build_engine()

    def train(self) -> None:
        """Train, test the best state, and keep what people want to look at."""
        self.run.note("road", f"{self._engine.road} ({self._reason})")
        with ExitStack() as stack:
            stack.callback(self._environment.close)
            stack.callback(self._evaluation_environment.close)
            self._build_train_context(stack)
            self._run_train_loop()
        with ExitStack() as stack:
            self._build_test_context(stack)
            self._run_test_loop()
            self._record_episodes()
        self._draw_learning_curve()

    @attach_progress_bar(lambda self: self.config.iterations)
    def _run_train_loop(self, iteration_context: IterationContext) -> None:
        """Alternate rollouts and updates; log, evaluate and report at their intervals."""
        config: RlConfig = self.config
        iteration_context.set_description(self._engine.road)
        for iteration in iteration_context:
            remaining = remaining_share(config.lr_schedule, iteration.number, config.iterations)
            self._before_iteration(iteration.number)
            outcome = self._engine.iterate(config.lr * remaining)
            self._after_iteration(outcome)
            done = iteration.number + 1
            env_steps = done * config.steps * config.env.count
            if done % config.log_every == 0 or done == config.iterations:
                iteration.log(self._get_log_stats(outcome), env_steps=env_steps)
            if config.evaluate_every and (done % config.evaluate_every == 0 or done == config.iterations):
                returns = self._evaluate()
                iteration.log(test_return=returns, env_steps=env_steps)
                self.run.report("test_return", returns)

    @attach_progress_bar(lambda self: math.ceil(self.config.test_episodes / self.config.evaluation_episodes))
    def _run_test_loop(self, iteration_context: IterationContext) -> None:
        """Test on episodes that no evaluation has seen, as many at a time as an evaluation has."""
        state = self.config.test_with if self.config.evaluate_every else "last"  # unevaluated, none is best
        iteration_context.set_description(f"testing the {state} state")
        policy, seed = self._tested_policy(), self.run.random("test").seed_value
        for iteration in iteration_context:
            if iteration.number == 0:  # a run that was extended is tested anew
                self._test_returns = []
            left = self.config.test_episodes - len(self._test_returns)
            count = min(left, self.config.evaluation_episodes)
            environment = self._choice.vector(count, seed + iteration.number)
            self._test_returns += episode_returns(environment, policy).tolist()
            environment.close()
            mean, episodes = float(np.mean(self._test_returns)), len(self._test_returns)
            iteration.log(test_return=mean, test_episodes=episodes)
            self.run.note("test return", f"mean {mean:.1f} over {episodes} episodes")

    def _get_loss_module_and_gae(self) -> tuple[nn.Module, Any]:
        """Return the loss module, made of :attr:`actor` and :attr:`critic`, and an advantage estimator or ``None``.

        Without an estimator advantages are the generalised ones of ``gamma`` and ``gae_lambda``. A TorchRL loss module
        may bring its own: ``loss_module.make_value_estimator(...)``, then ``loss_module.value_estimator``.
        """
        raise NotImplementedError(
            f"{type(self).__name__} names no loss: write _get_loss_module_and_gae, or set trainer.loss_module"
        )

    @cached_property
    def torchrl_actor(self) -> ProbabilisticActor:
        """:attr:`actor` for TorchRL loss modules."""
        from mlkernel_rl.torchrl_modules import probabilistic_actor

        return probabilistic_actor(self.actor)

    @cached_property
    def torchrl_critic(self) -> ValueOperator:
        """:attr:`critic` for TorchRL loss modules."""
        from mlkernel_rl.torchrl_modules import value_operator

        return value_operator(self.critic)

    def _before_iteration(self, iteration: int) -> None:
        """Change coefficients of the loss that follow a schedule; the default has none."""

    def _after_iteration(self, outcome: IterationOutcome) -> None:
        """Follow the episodes, and let the loss module adapt itself if it has an ``after_update``."""
        self._episodes.add(outcome)
        adapt = getattr(self.loss_module, "after_update", None)
        if adapt is not None:
            adapt(outcome.metrics)

    def _get_log_stats(self, outcome: IterationOutcome) -> dict[str, float]:
        """Return what is logged: means over the iteration's updates, and the newest training episodes."""
        losses = {name: float(values.mean()) for name, values in outcome.metrics.items()}
        self.run.hooks.notifier("on_losses_computed")(run=self.run, losses=losses)
        return {**losses, **self._episodes.statistics()}

    def _evaluate(self) -> float:
        """Return the mean return of the most probable actions on a fixed set of episodes."""
        self._evaluation_environment.restart()
        policy = acting_policy(self.actor, self._moments, self.device)
        return float(episode_returns(self._evaluation_environment, policy).mean())

    def state_dict(self) -> dict[str, Any]:
        """Return everything that training changes."""
        return {
            "road": self._road,
            "engine": self._engine.state_dict(),
            "modules": {name: module.state_dict() for name, module in self._modules().items()},
            "normalisation": {name: part.state_dict() for name, part in self._normalisation().items()},
            "episodes": self._episodes.state_dict(),
            "test_returns": list(self._test_returns),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned; the run stays on the road that it began on."""
        if state["road"] != self._road:
            self._road, self._reason = state["road"], "as the run began"
            self._engine = self._build_engine()
        for name, module in self._modules().items():
            module.load_state_dict(state["modules"][name])
        for name, part in self._normalisation().items():
            part.load_state_dict(state["normalisation"][name])
        self._engine.load_state_dict(state["engine"])
        self._episodes.load_state_dict(state["episodes"])
        self._test_returns = [float(value) for value in state["test_returns"]]

    def _modules(self) -> dict[str, nn.Module]:
        return {"actor": self.actor, "critic": self.critic, "loss_module": self.loss_module}

    def _normalisation(self) -> dict[str, RunningMoments | RewardScaling]:
        parts = {"observations": self._moments, "rewards": self._reward_scaling}
        return {name: part for name, part in parts.items() if part is not None}

    def _build_networks(self) -> None:
        network, actions = self.config.network, self._environment.actions
        outputs = actions.count if isinstance(actions, DiscreteActions) else actions.size
        inputs, hidden, activation = self._environment.observation_size, network.hidden, network.activation
        # A small last layer makes the first policy nearly uniform.
        policy = MLP(inputs, hidden, outputs, activation=activation, output_gain=0.01)
        value = MLP(inputs, hidden, 1, activation=activation, output_gain=1.0)
        self.actor = Actor(policy, actions, network.initial_log_std).to(self.device)
        self.critic = Critic(value).to(self.device)

    def _build_normalisation(self) -> None:
        config: RlConfig = self.config
        size = self._environment.observation_size
        self._moments = RunningMoments(size, _CLIP) if config.normalise_observations else None
        self._reward_scaling = (
            RewardScaling(config.env.count, config.gamma, _CLIP) if config.normalise_rewards else None
        )

    def _make_loss_module(self) -> tuple[nn.Module, Any]:
        """Ask the hook first: a named loss module, or a listener's; else the trainer's own."""
        made = self.run.hooks.ask(
            "make_loss_module", run=self.run, trainer=self, name=self.config.loss_module
        )
        if made is None:
            made = self._get_loss_module_and_gae()
        loss_module, value_estimator = made if isinstance(made, tuple) else (made, None)
        return loss_module.to(self.device), value_estimator

    def _build_engine(self) -> Engine:
        return build_engine(
            self._road,
            EngineParts(
                config=self.config,
                choice=self._choice,
                environment=self._environment,
                actor=self.actor,
                critic=self.critic,
                loss_module=self.loss_module,
                value_estimator=self.value_estimator,
                moments=self._moments,
                reward_scaling=self._reward_scaling,
                generator=self.run.random("training").numpy,
                first_episode_seed=self.run.random("environments").seed_value,
                device=self.device,
                announce=self.run.logger.info,
            ),
        )

    def _tested_policy(self) -> Policy:
        """Return the policy to test, on copies, so that a run that is extended goes on from its last state."""
        actor, moments = copy.deepcopy(self.actor), copy.deepcopy(self._moments)
        best = self.run.best_state("trainer") if self.config.test_with == "best" else None
        if best is not None:
            actor.load_state_dict(best["modules"]["actor"])
            if moments is not None:
                moments.load_state_dict(best["normalisation"]["observations"])
        return acting_policy(actor, moments, self.device)

    def _record_episodes(self) -> None:
        if not self.config.record_episodes:
            return
        policy, seed = self._tested_policy(), self.run.random("recording").seed_value
        try:
            environment = self._choice.rendered()
            for number in range(self.config.record_episodes):
                with self.run.artifact(f"episode-{number}.gif") as path:
                    record_episode(environment, policy, (seed + number) % 2**31, path)
            environment.close()
        except (
            UsageError,
            ImportError,
        ) as error:  # what cannot be rendered must not fail a run that has learnt
            self.run.logger.warning("no episodes were recorded", reason=str(error))

    def _draw_learning_curve(self) -> None:
        config: RlConfig = self.config
        curves = {"train_return": self._episodes.finished, "test_return": config.evaluate_every}
        metrics = [name for name, is_logged in curves.items() if is_logged]
        if not config.learning_curve or not metrics:
            return
        try:
            with self.run.artifact("learning-curve.png") as path:
                draw_learning_curve(path, [self.run.directory], metrics, x="env_steps", phase="train")
        except UsageError as error:  # a missing library must not fail a run that has learnt
            self.run.logger.warning("no learning curve was drawn", reason=str(error))


def _check(config: RlConfig) -> None:
    """Refuse what the configuration's types and ranges cannot rule out."""
    if config.torch.dtype != "float32":
        raise UsageError(f"torch.dtype={config.torch.dtype}: reinforcement learning here is in float32")
    if config.torch.autocast:
        raise UsageError("torch.autocast=true: reinforcement learning here is in float32")
    transitions = config.steps * config.env.count
    if transitions % config.minibatches:
        raise UsageError(
            f"a rollout has {transitions} transitions (steps times env.count), which minibatches="
            f"{config.minibatches} does not divide",
            hint="Choose a number of minibatches that does.",
        )
