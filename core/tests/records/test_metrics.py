import json
import math
import sys
import threading

import numpy as np
import pytest

from mlkernel.errors import UsageError
from mlkernel.records.metrics import MetricWriter, as_numbers, read_metrics


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.jsonl"


@pytest.fixture
def writer(path):
    writer = MetricWriter(path)
    yield writer
    writer.close()


def append(writer, *iterations):
    for iteration in iterations:
        writer.append("train", iteration, 0.5 * iteration, {"loss": iteration / 3})


def iterations(path):
    return [record.iteration for record in read_metrics(path)]


def test_what_is_written_is_read_back_to_the_last_bit(path, writer):
    values = {"a": 0.1 + 0.2, "b": 5e-324, "c": -0.0, "d": 2**70, "e": math.inf, "ü": 1}
    writer.append("train/inner", 3, 12.34567, values)
    writer.flush()
    (record,) = read_metrics(path)
    assert (record.phase, record.iteration, record.time) == ("train/inner", 3, 12.3457)
    assert list(map(repr, record.metrics.items())) == list(map(repr, values.items()))


def test_lines_are_strict_json_and_the_numbers_come_back(path, writer):
    values = {"NaN": math.nan, "up": math.inf, "down": -math.inf, 'a "NaN\\': 1.5, "Infinity": 0}
    writer.append("Infinity", 0, 0.5, values)
    writer.append("after", 1, 0.5, {"x": 1})
    assert writer.size > 0
    writer.flush()
    assert path.stat().st_size == writer.size
    strictly = [json.loads(line, parse_constant=pytest.fail) for line in path.read_text().splitlines()]
    assert strictly[0]["metrics"] == values | {"NaN": None}
    first, _ = read_metrics(path)
    assert first.phase == "Infinity"
    assert list(map(repr, first.metrics.items())) == list(map(repr, values.items()))


def test_a_torn_last_line_is_left_out_and_cut_off_by_the_next_writer(path, writer):
    append(writer, 0, 1)
    writer.flush()
    with path.open("a") as file:
        file.write('{"phase": "train", "iter')
    assert iterations(path) == [0, 1]
    second = MetricWriter(path)
    append(second, 2)
    second.close()
    assert iterations(path) == [0, 1, 2]


def test_a_damaged_line_in_the_middle_is_named(path, writer):
    append(writer, 0, 1, 2)
    writer.flush()
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1][:-5], lines[2]]) + "\n")
    with pytest.raises(UsageError, match=r"metrics\.jsonl:2 is damaged"):
        read_metrics(path)


def test_records_of_several_threads_are_neither_lost_nor_doubled(path, writer, monkeypatch):
    monkeypatch.setattr("mlkernel.records.metrics.FLUSH_SECONDS", 0.0)
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        numbers = range(1000)
        threads = [threading.Thread(target=append, args=(writer, *numbers[first::4])) for first in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switching)
    writer.flush()
    assert sorted(iterations(path)) == list(numbers)
    assert path.stat().st_size == writer.size


def test_a_flush_after_the_end_writes_nothing(path, writer):
    append(writer, 0)
    writer.close()
    writer.flush()
    assert iterations(path) == [0]


def test_rewinding_drops_what_came_after(path, writer):
    append(writer, 0, 1)
    size = writer.size
    append(writer, 2, 3)
    writer.sync()
    assert path.stat().st_size == writer.size
    writer.rewind(size)
    append(writer, 9)
    writer.flush()
    assert iterations(path) == [0, 1, 9]


def test_rewinding_to_what_is_not_there_is_refused(writer):
    with pytest.raises(UsageError, match="has 0 bytes; when the checkpoint was made it had 10"):
        writer.rewind(10)


def test_no_file_and_an_empty_file_hold_no_records(path, tmp_path):
    assert list(read_metrics(tmp_path)) == []
    path.touch()
    assert list(read_metrics(path)) == []


def test_numbers_of_libraries_become_plain_ones():
    numbers = as_numbers(
        {
            "f32": np.float32(0.5),
            "f64": np.float64(0.1),
            "i": np.int64(3),
            "zero": np.array(2.5),
            "yes": True,
            "b": np.True_,
        }
    )
    assert {name: type(value) for name, value in numbers.items()} == {
        "f32": float,
        "f64": float,
        "i": int,
        "zero": float,
        "yes": int,
        "b": int,
    }
    assert json.loads(json.dumps(numbers)) == {"f32": 0.5, "f64": 0.1, "i": 3, "zero": 2.5, "yes": 1, "b": 1}


@pytest.mark.parametrize(
    "value",
    ["0.5", None, [1.0], {"a": 1}, 1j, np.array([1.0, 2.0]), np.complex64(1), object()],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_is_refused_by_name(value):
    with pytest.raises(TypeError, match="the metric 'loss' must be a number, not"):
        as_numbers({"fine": 1.0, "loss": value})


def test_a_data_frame_has_a_row_for_each_record_and_a_column_for_each_metric(path, writer):
    writer.append("train", 0, 0.1, {"loss": 1.0, "time": 7.0})
    writer.append("test", 0, 0.2, {"return": 3})
    writer.flush()
    frame = read_metrics(path).to_dataframe()
    assert list(frame.columns) == ["phase", "iteration", "time", "loss", "metrics.time", "return"]
    assert frame["time"].tolist() == [0.1, 0.2]
    assert frame["loss"].isna().tolist() == [False, True]
    assert frame.loc[1, "return"] == 3
    assert read_metrics(path.parent / "absent").to_dataframe().empty


def test_series_and_names(path, writer):
    append(writer, 0, 1)
    writer.append("test", 0, 9.0, {"return": 5.0, "loss": 0.25})
    writer.flush()
    metrics = read_metrics(path)
    assert metrics.names() == ["loss", "return"]
    assert metrics.series("loss") == [(0, 0.0), (1, 1 / 3), (0, 0.25)]
    assert metrics.series("loss", "test") == [(0, 0.25)]
    assert [record.phase for record in metrics[1:]] == ["train", "test"]
