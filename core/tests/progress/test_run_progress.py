import pytest

from mlkernel.progress.pace import Pace
from mlkernel.progress.quantities import format_duration, format_magnitude, format_rate, format_value
from mlkernel.progress.run_progress import RunProgress


def test_the_overall_fraction_counts_outermost_phases_known_from_the_start(clock):
    progress = RunProgress("run", {"collect": 10, "train": 30}, clock)
    progress.phase_started("collect", 10, 0, 0)
    clock.now += 5.0
    progress.advance("collect", 10, {})
    progress.phase_started("collect/check", 100, 0, 1)
    progress.advance("collect/check", 100, {})
    assert progress.overall_fraction == 0.25
    assert progress.overall_remaining() == pytest.approx(15.0)


def test_work_of_an_earlier_attempt_counts_as_done_but_not_as_speed(clock):
    progress = RunProgress("run", {"collect": 10, "train": 30}, clock)
    progress.phase_started("collect", 10, 10, 0)
    progress.phase_ended("collect")
    progress.phase_started("train", 30, 0, 0)
    assert progress.overall_fraction == 0.25
    assert progress.overall_remaining() is None
    clock.now += 1.0
    progress.advance("train", 1, {})
    assert progress.overall_remaining() == pytest.approx(29.0)


def test_a_nested_phase_stands_beneath_its_parent_and_starts_anew(clock):
    progress = RunProgress("run", {"train": 5, "report": 1}, clock)
    progress.phase_started("train", 5, 0, 0)
    for _ in range(2):
        phase = progress.phase_started("train/test", 3, 0, 1)
        assert (phase.completed, phase.state) == (0, "running")
        progress.advance("train/test", 3, {"return": 1.0})
        progress.phase_ended("train/test")
    assert [phase.label for phase in progress.phases] == ["train", "  test", "report"]
    assert phase.metrics == {"return": 1.0}


def test_an_announced_phase_that_turns_out_nested_moves_beneath_its_parent(clock):
    progress = RunProgress("run", {"test": 3, "train": 5}, clock)
    progress.phase_started("train", 5, 0, 0)
    progress.phase_started("train/test", 3, 0, 1)
    assert [phase.label for phase in progress.phases] == ["train", "  test"]
    progress.phase_started("test", 3, 0, 0)
    assert [phase.label for phase in progress.phases] == ["train", "  test", "test"]


def test_a_phase_without_iterations_is_complete(clock):
    progress = RunProgress("run", {}, clock)
    assert progress.phase_started("train", 0, 0, 0).fraction == 1.0


def test_pace_forgets_what_was_long_ago():
    pace = Pace(0.0, 0)
    for second in range(1, 101):
        pace.sample(second, second)
    for second in range(101, 201):
        pace.sample(second, 100 + 10 * (second - 100))
    assert pace.rate == pytest.approx(10.0)


def test_time_left_counts_down_between_samples_and_never_below_zero():
    pace = Pace(0.0, 0)
    pace.sample(10.0, 10)
    assert pace.remaining(20, 10.0) == pytest.approx(10.0)
    assert pace.remaining(20, 14.0) == pytest.approx(6.0)
    assert pace.remaining(20, 99.0) == 0.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00:00"), (65.9, "0:01:05"), (86399, "23:59:59"), (183845, "2d 03:04:05"), (-1, "0:00:00")],
)
def test_durations(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [(12.34, "12.3 it/s"), (1.0, "1.00 it/s"), (0.5, "2.00 s/it"), (123456, "123k it/s"), (9.996, "10.0 it/s"),
     (1 / 7200, "2:00:00/it")],
)  # fmt: skip
def test_rates(rate, text):
    assert format_rate(rate) == text


@pytest.mark.parametrize(
    ("number", "text"), [(999.6, "1.00k"), (2.5e6, "2.50M"), (3e9, "3G"), (4e12, "4000G")]
)
def test_magnitudes(number, text):
    assert format_magnitude(number) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (475.0, "475"), (0.0123456, "0.01235"), (3e-4, "0.0003"), (float("nan"), "nan"), (1e9, "1e+09"),
     (True, "True"), (None, "None")],
)  # fmt: skip
def test_values(value, text):
    assert format_value(value) == text
