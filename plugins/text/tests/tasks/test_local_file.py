import csv
import json

import pytest

from mlkernel import ConfigError
from mlkernel_text.tasks.local_file import LocalFile
from mlkernel_text.tasks.local_file_config import LocalFileConfig

ROWS = [
    {"question": f"Is {n} even?", "guess": "yes", "verdict": "good" if n % 2 == 0 else "bad"}
    for n in range(60)
]
MAPPING = {"solution_column": "guess", "label_column": "verdict", "positive_labels": ("good",)}


def write_jsonl(path):
    path.write_text("\n".join(map(json.dumps, ROWS)) + "\n\n")


def write_json(path):
    path.write_text(json.dumps(ROWS))


def write_csv(path):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(ROWS[0]))
        writer.writeheader()
        writer.writerows(ROWS)


def write_parquet(path):
    pyarrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(pyarrow.Table.from_pylist(ROWS), path)


@pytest.mark.parametrize("write", [write_jsonl, write_json, write_csv, write_parquet])
def test_every_sort_of_file_gives_the_same_problems(tmp_path, write):
    path = tmp_path / f"problems.{write.__name__.removeprefix('write_')}"
    write(path)
    task = LocalFile(LocalFileConfig(path=path, **MAPPING), 0)
    found = [
        instance for split in ("train", "validation", "test") for instance in task.instances(split, "claim")
    ]
    assert {(i.fields["question"], i.fields["solution"], i.label) for i in found} == {
        (row["question"], row["guess"], int(row["verdict"] == "good")) for row in ROWS
    }
    assert len(task.instances("train", "claim")) > len(task.instances("test", "claim")) > 0


def test_a_problem_stays_in_its_split_when_the_file_grows(tmp_path):
    def test_questions(rows):
        path = tmp_path / "p.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)))
        task = LocalFile(LocalFileConfig(path=path, **MAPPING), 0)
        return {instance.fields["question"] for instance in task.instances("test", "claim")}

    assert test_questions(ROWS[:40]) == test_questions(ROWS) & {row["question"] for row in ROWS[:40]}


def write(tmp_path, text, name="p.jsonl"):
    path = tmp_path / name
    path.write_text(text)
    return path


GOOD = json.dumps(ROWS[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{GOOD}\n{{broken", r"p\.jsonl, line 2: Expecting"),
        (f"{GOOD}\n\n[1]", r"line 3: a list, where an object"),
        (
            '{"question": "a", "gues": "b", "verdict": "good"}',
            r"line 1: there is no column 'guess'\. Did you mean 'gues'",
        ),
        (
            '{"question": null, "guess": "b", "verdict": "good"}',
            r"line 1: nothing stands in the column 'question'",
        ),
        ("", "holds no problem"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        LocalFile(LocalFileConfig(path=write(tmp_path, text), **MAPPING), 0).instances("train", "claim")


def test_a_label_of_unknown_meaning_is_refused(tmp_path):
    path = write(tmp_path, GOOD)
    config = LocalFileConfig(path=path, label_column="verdict")
    with pytest.raises(
        ConfigError, match="line 1: whether the label 'good' means right or wrong is not known"
    ):
        LocalFile(config, 0).instances("train", "claim")


def test_labels_of_which_none_means_right_are_refused_and_named(tmp_path):
    path = write(tmp_path, "\n".join(map(json.dumps, ROWS)))
    config = LocalFileConfig(path=path, label_column="verdict", positive_labels=("Good",))
    with pytest.raises(ConfigError, match=r"no problem has .* 'Good'") as refused:
        LocalFile(config, 0)
    assert "'bad', 'good'" in refused.value.hint


@pytest.mark.parametrize(("score", "label"), [(0.4, 0), (0.5, 1), ("0.9", 1)])
def test_scores_are_made_labels_by_a_threshold(tmp_path, score, label):
    path = write(tmp_path, json.dumps({"question": "a", "score": score}))
    config = LocalFileConfig(
        path=path, label_column="score", label_threshold=0.5, test_share=0.0, validation_share=0.0
    )
    assert LocalFile(config, 0).instances("train", "claim")[0].label == label


def test_files_for_splits_must_not_share_problems(tmp_path):
    path, test = write(tmp_path, GOOD), write(tmp_path, f"{json.dumps(ROWS[1])}\n{GOOD}", "t.jsonl")
    config = LocalFileConfig(path=path, test_path=test, validation_share=0.0, **MAPPING)
    with pytest.raises(ConfigError, match=r"t\.jsonl, line 2 asks the same as .*p\.jsonl, line 1"):
        LocalFile(config, 0).instances("test", "claim")


def test_open_questions_have_their_answers(tmp_path):
    path = write(tmp_path, json.dumps({"question": "Capital of France?", "right": "Paris"}))
    task = LocalFile(
        LocalFileConfig(path=path, answer_column="right", test_share=0.0, validation_share=0.0), 0
    )
    (instance,) = task.instances("train", "question")
    assert task.forms == ("question",)
    assert task.is_right(instance, " paris.")
    assert not task.is_right(instance, "Lyon")


def test_a_file_of_another_sort_or_none_is_refused(tmp_path):
    write(tmp_path, GOOD, "p.txt")
    for name, message in (
        ("p.txt", "files that end so"),
        ("none.txt", "no such file"),
        ("p.csv", "no such file"),
    ):
        for column in (None, "x"):
            with pytest.raises(ConfigError, match=message):
                LocalFile(LocalFileConfig(path=tmp_path / name, label_column=column), 0)


def test_a_line_of_a_table_with_too_few_values_is_named(tmp_path):
    path = write(tmp_path, "question,right\na,b\nc\n", "p.csv")
    with pytest.raises(ConfigError, match=r"p\.csv, line 3: not as many values as the 2 columns"):
        LocalFile(LocalFileConfig(path=path, answer_column="right"), 0)
