import pytest
from core.tests.study.made_results import made_results

from mlkernel.study.statistics.importance import parameter_importance


def test_what_decides_the_result_comes_first():
    shares = parameter_importance(made_results(300))
    assert list(shares)[:2] == ["lr", "layers"] or list(shares)[:2] == ["layers", "lr"]
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["noise"] < 0.1


def test_parameters_that_are_not_always_active_are_told_of():
    assert parameter_importance(made_results(300))["momentum"] > 0.05


def test_few_trials_tell_nothing():
    assert parameter_importance(made_results(9)) == {}


def test_a_space_without_choice_tells_nothing():
    assert parameter_importance(made_results(40, space={"lr": "fixed(0.1)"})) == {}
