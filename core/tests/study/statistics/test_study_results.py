import math

import attrs
from core.tests.study.made_results import made_results


def test_trials_that_were_stopped_early_are_not_among_the_best():
    results = made_results(100)
    assert {trial.state for trial in results.valued} == {"finished", "stopped"}
    assert {trial.state for trial in results.best(20)} == {"finished"}


def test_where_none_was_finished_the_stopped_ones_are_compared():
    results = made_results(100)
    stopped = tuple(trial for trial in results.trials if trial.state != "finished")
    results = attrs.evolve(results, trials=stopped)
    assert {trial.state for trial in results.best(5)} == {"stopped"}


def test_the_best_follow_the_objective():
    results = made_results(60, objectives=2)
    losses = [trial.values[0] for trial in results.best(5)]
    accuracies = [trial.values[1] for trial in results.best(5, objective=1)]
    assert losses == sorted(losses)
    assert accuracies == sorted(accuracies, reverse=True)
    assert accuracies[0] == max(trial.values[1] for trial in results.comparable)


def test_values_that_are_not_finite_do_not_count():
    results = made_results(10)
    spoilt = attrs.evolve(results.trials[0], values=(math.nan,))
    results = attrs.evolve(results, trials=(spoilt, *results.trials[1:]))
    assert 0 not in [trial.number for trial in results.valued]


def test_trials_stand_in_the_order_of_their_ends():
    results = made_results(10)
    turned = tuple(attrs.evolve(trial, sequence=9 - trial.number) for trial in results.trials)
    numbers = [trial.number for trial in attrs.evolve(results, trials=turned).valued]
    assert numbers == sorted(numbers, reverse=True)


def test_both_objectives_make_the_front():
    results = made_results(80, objectives=2)
    front = results.pareto_front
    assert len(front) > 1
    assert results.best(1)[0] in front
    assert results.best(1, objective=1)[0] in front


def test_a_space_that_cannot_be_read_is_none():
    results = made_results(5)
    study = attrs.evolve(
        results.study, configuration={**results.study.configuration, "space": {"lr": "gone(1)"}}
    )
    broken = attrs.evolve(results, study=study)
    assert broken.space is None
    assert "lr" in broken.parameters
