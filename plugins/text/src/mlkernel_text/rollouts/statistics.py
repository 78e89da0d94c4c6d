"""What is logged of rollouts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict
from mlkernel_text.rollouts.outcomes import OUTCOMES, USABLE
from mlkernel_text.scenario.scenario import ACCEPT, NEITHER, REJECT, UNDECIDED, Scenario

Floats = NDArray[np.float64]


def rollout_statistics(rollouts: NestedArrayDict, scenario: Scenario) -> dict[str, float]:
    """Numbers that sum up some rollouts; each path counts once, and a number that is not defined is left out.

    What is looked at first comes first: the accuracy, the agents' rewards, how many episodes are unusable. Where the
    rules asked somebody else than the decider, as an adversarial verifier, nothing was decided rightly or wrongly.

    :param rollouts: batch (path, round).
    """
    if not len(rollouts):
        return {}
    statistics = {"mean_episode_length": float((~rollouts["padding"]).sum(1).mean())}
    for place, agent in enumerate(scenario.agents):
        statistics |= {f"{agent.name}.{name}": value for name, value in _of_agent(rollouts, place).items()}
    decider = [agent.name for agent in scenario.agents].index(scenario.decider)
    decided = rollouts[_ended_by(rollouts, decider)]
    if len(decided):
        statistics |= _of_accuracy(decided) | _of_decisions(decided, decider)
    statistics |= _of_outcomes(rollouts)
    if "details" in rollouts:
        means = {key[0]: _mean(_last(values)) for key, values in rollouts["details"].items()}
        statistics |= {f"details.{name}": mean for name, mean in means.items()}
    first = [
        "accuracy",
        *(f"{agent.name}.mean_episode_reward" for agent in scenario.agents),
        "unusable_proportion",
    ]
    ordered = {name: statistics[name] for name in first if name in statistics} | statistics
    return {name: value for name, value in ordered.items() if not np.isnan(value)}


def _of_agent(rollouts: NestedArrayDict, place: int) -> dict[str, float]:
    rewards = rollouts["next", "agents", "reward"][..., place].sum(1, dtype=np.float64)
    spoke = rollouts["agents", "active"][..., place] & ~rollouts["padding"]
    worst = _means_by(rewards, rollouts["datapoint_id"][:, 0].tolist())
    numbers = {
        "mean_episode_reward": float(rewards.mean()),
        "std_episode_reward": float(rewards.std()),
        "worst_instance_reward": min(worst.values()),
    }
    if spoke.any():
        agents = rollouts["agents"]
        retries = agents["retry_count"][..., place][spoke]
        numbers["invalid_proportion"] = float((agents["outcome"][..., place][spoke] == "invalid").mean())
        numbers["retry_proportion"] = float((retries > 0).mean())
        numbers["mean_retries"] = float(retries.mean())
        numbers["token_limit_proportion"] = float(agents["token_limit"][..., place][spoke].mean())
        numbers["mean_completion_tokens"] = float(agents["completion_tokens"][..., place][spoke].mean())
    return numbers


def _ended_by(rollouts: NestedArrayDict, place: int) -> NDArray[np.bool_]:
    """Whether a path was the decider's to end, [path]: it spoke, or something went wrong before it could."""
    spoke = (rollouts["agents", "active"][..., place] & ~rollouts["padding"]).any(1)
    went_wrong = [outcome not in USABLE for outcome in rollouts["outcome"][:, 0].tolist()]
    return np.asarray(spoke | np.asarray(went_wrong))


def _of_accuracy(rollouts: NestedArrayDict) -> dict[str, float]:
    """Nobody's decision is a wrong one."""
    right = np.nan_to_num(_last(rollouts["correct"]))
    labels = rollouts["y"][:, 0]
    by_instance = _means_by(right, rollouts["datapoint_id"][:, 0].tolist())
    return {
        "accuracy": float(right.mean()),
        "std_accuracy": float(right.std()),
        "worst_instance_accuracy": min(by_instance.values()),
        **{f"accuracy.label_{label}": _mean(right[labels == label]) for label in np.unique(labels).tolist()},
    }


def _of_decisions(rollouts: NestedArrayDict, place: int) -> dict[str, float]:
    """The decider's last decisions; precision and recall are those of accepting."""
    taken = rollouts["agents", "decision"][..., place]
    rounds = np.arange(taken.shape[1])
    last = np.where(taken != UNDECIDED, rounds, -1).max(1)
    decisions = np.where(last >= 0, taken[np.arange(len(taken)), last], UNDECIDED)
    labels, accepted = rollouts["y"][:, 0], decisions == ACCEPT
    if not (decisions != UNDECIDED).any() and rollouts["agents", "answer"][..., place].astype(bool).any():
        return {}  # open questions are answered and not decided
    decided = accepted | (decisions == REJECT)
    shares = np.array([np.mean(decisions == code) for code in (REJECT, ACCEPT, NEITHER, UNDECIDED)])
    shares = shares[shares > 0]
    return {
        "mean_decision": _mean(accepted[decided]),
        "std_decision": float(accepted[decided].std()) if decided.any() else np.nan,
        "precision": _mean(labels[accepted] == 1),
        "recall": _mean(accepted[labels == 1]),
        "no_decision_proportion": float((decisions == UNDECIDED).mean()),
        "neither_proportion": float((decisions == NEITHER).mean()),
        "decision_entropy": float(-(shares * np.log(shares)).sum()),
    }


def _of_outcomes(rollouts: NestedArrayDict) -> dict[str, float]:
    counts = Counter(rollouts["outcome"][:, 0].tolist())
    shares = {f"outcome.{outcome}": counts[outcome] / len(rollouts) for outcome in OUTCOMES}
    unusable = counts.total() - counts["ok"] - counts["length"]
    return {**shares, "unusable_proportion": unusable / len(rollouts)}


def _last(values: NDArray[np.float32]) -> Floats:
    """The number that each row has in one of its places, [path]; not a number where it has none."""
    known = ~np.isnan(values)
    found = np.where(known, values, 0).sum(1, dtype=np.float64)
    return np.where(known.any(1), found, np.nan)


def _mean(values: NDArray[np.generic]) -> float:
    """The mean of the values that are numbers; not a number if there are none."""
    numbers = values.astype(np.float64)
    numbers = numbers[~np.isnan(numbers)]
    return float(numbers.mean()) if numbers.size else float("nan")


def _means_by(values: NDArray[np.generic], names: list[str]) -> Mapping[str, float]:
    sums: dict[str, list[float]] = {}
    for name, value in zip(names, values.tolist(), strict=True):
        sums.setdefault(name, []).append(float(value))
    return {name: sum(group) / len(group) for name, group in sums.items()}
