from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlkernel.study.statistics.correction import CORRECTIONS, corrected

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def test_the_classical_example_comes_out():
    p = [0.01, 0.04, 0.03, 0.005]
    assert corrected(p, "bonferroni") == pytest.approx([0.04, 0.16, 0.12, 0.02])
    assert corrected(p, "holm") == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert corrected(p, "benjamini-hochberg") == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert corrected(p, "none") == p


@given(p_values)
def test_false_discovery_control_is_scipys(p):
    assert corrected(p, "benjamini-hochberg") == pytest.approx(list(stats.false_discovery_control(p)))


@given(p_values)
def test_the_stricter_a_correction_the_larger_the_values(p):
    adjusted = zip(
        p, *(corrected(p, name) for name in ("benjamini-hochberg", "holm", "bonferroni")), strict=True
    )
    for plain, lenient, middle, strict in adjusted:
        assert plain <= lenient + 1e-12
        assert lenient <= middle + 1e-12
        assert middle <= strict + 1e-12 <= 1 + 1e-9


@given(p_values)
def test_the_order_is_kept(p):
    for name in CORRECTIONS:
        adjusted = corrected(p, name)
        ranked = sorted(range(len(p)), key=p.__getitem__)
        assert all(adjusted[a] <= adjusted[b] for a, b in pairwise(ranked))


def test_no_comparison_needs_no_correction():
    assert corrected([], "holm") == []
