import pytest
from scipy import stats

from mlkernel.errors import UsageError
from mlkernel.study.statistics.comparison import compare, compare_all

FIRST = {(seed, None): value for seed, value in enumerate([0.9, 0.7, 0.8, 1.0, 0.6, 0.85])}
SECOND = {(seed, None): value for seed, value in enumerate([0.8, 0.65, 0.9, 0.7, 0.5, 0.6])}


@pytest.mark.parametrize(("test", "reference"), [("t", stats.ttest_rel), ("wilcoxon", stats.wilcoxon)])
def test_runs_that_share_seeds_are_compared_as_pairs(test, reference):
    found = compare(3, 5, FIRST, SECOND, test=test)
    a, b = list(FIRST.values()), list(SECOND.values())
    assert (found.one, found.other, found.pairs) == (3, 5, 6)
    assert found.p_value == pytest.approx(reference(a, b).pvalue)
    assert found.difference == pytest.approx(sum(a) / 6 - sum(b) / 6)
    assert found.interval[0] < found.difference < found.interval[1]


def test_only_shared_places_form_pairs():
    folds = {(0, fold): value for fold, value in enumerate([1.0, 2.0, 4.0])}
    others = {(0, fold): value for fold, value in ((2, 3.0), (1, 1.5), (9, 100.0))}
    found = compare(0, 1, folds, others, test="t")
    assert found.pairs == 2
    assert found.difference == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("test", "reference"),
    [("t", lambda a, b: stats.ttest_ind(a, b, equal_var=False)), ("wilcoxon", stats.mannwhitneyu)],
)
def test_runs_without_shared_seeds_are_unrelated_samples(test, reference):
    moved = {(seed + 100, None): value for (seed, _), value in SECOND.items()}
    found = compare(0, 1, FIRST, moved, test=test)
    assert (found.pairs, found.interval) == (0, None)
    assert found.p_value == pytest.approx(reference(list(FIRST.values()), list(SECOND.values())).pvalue)


def test_p_values_are_corrected_for_the_number_of_comparisons():
    third = {place: value + 0.05 * place[0] for place, value in SECOND.items()}
    found = compare_all({1: FIRST, 2: SECOND, 3: third}, [(1, 2), (1, 3), (2, 3)], correction="bonferroni")
    for comparison in found:
        assert comparison.adjusted == pytest.approx(min(1.0, 3 * comparison.p_value))


def test_single_runs_tell_no_p_value_and_count_for_no_correction():
    single = {(0, None): 0.5}
    one, other = compare_all({1: FIRST, 2: SECOND, 3: single}, [(1, 2), (1, 3)], correction="bonferroni")
    assert (other.p_value, other.adjusted) == (None, None)
    assert one.adjusted == one.p_value


@pytest.mark.parametrize(
    ("shift", "test", "expected"),
    [
        (0.0, "t", None),
        (0.25, "t", None),
        (0.1, "t", None),  # with rounding, the differences are not the same to the last digit
        (0.0, "wilcoxon", 1.0),
        (0.25, "wilcoxon", 2 * 0.5**6),
    ],
)
def test_equal_differences_have_no_t_test(shift, test, expected):
    exact = {(seed, None): float(seed) for seed in range(6)}
    moved = {place: value + shift for place, value in exact.items()}
    found = compare(0, 1, exact, moved, test=test)
    assert (found.p_value, found.interval, found.varies) == (expected, None, False)


def test_unrelated_samples_without_spread_have_no_t_test():
    first, second = ({(seed + start, None): 0.5 + start for seed in range(3)} for start in (0, 3))
    found = compare(0, 1, first, second, test="t")
    assert (found.p_value, found.difference, found.varies) == (None, -3.0, False)


def test_one_of_two_unrelated_samples_may_be_without_spread():
    even = {(seed + 100, None): 0.5 for seed in range(3)}
    assert 0 < compare(0, 1, FIRST, even, test="t").p_value < 1


def test_a_single_pair_is_too_few_not_too_even():
    found = compare(0, 1, {(0, None): 0.5}, {(0, None): 0.7}, test="t")
    assert (found.p_value, found.varies) == (None, True)


def test_a_trial_without_results_is_named():
    with pytest.raises(UsageError, match="trial 7 has no results"):
        compare(0, 7, FIRST, {}, test="t")
