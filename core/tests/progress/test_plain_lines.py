import io

import pytest

from mlkernel.progress.plain_lines import PlainLines


@pytest.fixture
def stream():
    return io.StringIO()


@pytest.fixture
def bar(stream, clock):
    return PlainLines(stream, clock=clock)


def test_a_line_at_the_start_every_five_seconds_and_at_the_end(bar, stream, clock):
    bar.start("ppo-1", {"train": 100})
    bar.phase_started("train", 100, 0, 0)
    for completed in range(1, 101):
        clock.now += 0.125
        bar.advance("train", completed, {"loss": 1 / completed})
    bar.phase_ended("train")
    bar.close("finished")
    assert stream.getvalue().splitlines() == [
        "ppo-1, train 100",
        "train  0/100  0%",
        "train  40/100  40%  8.00 it/s  eta 0:00:07  loss=0.025",
        "train  80/100  80%  8.00 it/s  eta 0:00:02  loss=0.0125",
        "train  100/100  100%  8.00 it/s  took 0:00:12  loss=0.01",
        "ppo-1, finished after 0:00:12",
    ]


def test_a_resumed_phase_counts_on_and_its_rate_knows_only_new_work(bar, stream, clock):
    bar.start("ppo-1", {"train": 1000})
    bar.phase_started("train", 1000, 500, 0)
    clock.now += 10.0
    bar.advance("train", 510, {})
    assert stream.getvalue().splitlines()[1:] == [
        "train  500/1000  50%",
        "train  510/1000  51%  1.00 it/s  eta 0:08:10",
    ]


def test_a_nested_phase_gets_no_more_than_a_line_in_five_seconds(bar, stream, clock):
    bar.start("ppo-1", {"train": 100})
    bar.phase_started("train", 100, 0, 0)
    for completed in range(1, 101):
        bar.phase_started("train/test", 2, 0, 1)
        clock.now += 0.125
        bar.advance("train/test", 2, {"return": 7.0})
        bar.phase_ended("train/test")
        bar.advance("train", completed, {})
    lines = [line for line in stream.getvalue().splitlines() if line.startswith("  test")]
    assert len(lines) == 3


def test_an_open_total_and_a_description(bar, stream, clock):
    bar.start("ppo-1", {})
    bar.phase_started("tune", None, 0, 0)
    bar.describe("tune", "waiting for the provider")
    clock.now += 6.0
    bar.advance("tune", 3, {})
    assert stream.getvalue().splitlines()[-1] == "tune  3  2.00 s/it  waiting for the provider"


def test_a_reader_that_went_away_does_not_end_the_training(bar, stream):
    bar.start("ppo-1", {"train": 2})
    stream.close()
    bar.phase_started("train", 2, 0, 0)
    bar.phase_ended("train")
    bar.close("finished")


def test_of_many_metrics_only_the_first_are_shown(bar, stream, clock):
    bar.start("ppo-1", {"train": 2})
    bar.phase_started("train", 2, 0, 0)
    clock.now += 10.0
    bar.advance("train", 1, {f"metric{number}": number for number in range(60)})
    line = stream.getvalue().splitlines()[-1]
    assert "metric7=7" in line
    assert "metric8=8" not in line
