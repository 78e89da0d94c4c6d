import json
import shutil

import pytest

from mlkernel.checkpoint.checkpoint_store import CheckpointStore, Retention
from mlkernel.checkpoint.manifest import MANIFEST_FILE, read_manifest, verify
from mlkernel.errors import CheckpointError, UsageError


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "checkpoints"


def store_in(folder, **retention):
    return CheckpointStore(folder, Retention(**retention))


def save(store, content="state", *, kept=False, reported=None):
    def write(directory):
        (directory / "state.json").write_text(content)
        (directory / "parts").mkdir()
        (directory / "parts" / "one.bin").write_bytes(bytes(range(256)))

    if reported is not None:
        reported = {"metric": "return", "value": reported, "mode": "max"}
    return store.save(write, completed={}, metrics_size=0, reported=reported, kept=kept)


def numbers(store):
    return [checkpoint.number for checkpoint in store.checkpoints()]


@pytest.mark.parametrize("keep_last", [1, 2, 3, 5])
def test_the_newest_stay(folder, keep_last):
    store = store_in(folder, keep_last=keep_last)
    for made in range(1, 8):
        save(store)
        assert numbers(store) == list(range(max(1, made - keep_last + 1), made + 1))


def test_the_best_stay_and_of_equals_the_newest(folder):
    store = store_in(folder, keep_last=1, keep_best=2)
    for value in (1.0, 9.0, 5.0, 9.0, 2.0, 0.0):
        save(store, reported=value)
    assert numbers(store) == [2, 4, 6]
    best = store.best()
    assert best is not None
    assert best.number == 4


def test_those_kept_for_ever_stay(folder):
    store = store_in(folder, keep_last=1, keep_best=0)
    for made in range(1, 7):
        save(store, kept=made % 3 == 0, reported=float(-made))
    assert numbers(store) == [3, 6]


def flip(path, position=None):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if position is None else position] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "a flipped bit": lambda place: flip(place / "state.json"),
    "a flipped bit in a folder": lambda place: flip(place / "parts" / "one.bin"),
    "a truncated file": lambda place: (place / "state.json").write_text(""),
    "a deleted file": lambda place: (place / "parts" / "one.bin").unlink(),
    "no manifest": lambda place: (place / MANIFEST_FILE).unlink(),
    "an empty manifest": lambda place: (place / MANIFEST_FILE).write_text(""),
    "a manifest that is a list": lambda place: (place / MANIFEST_FILE).write_text("[]"),
    "an empty folder": lambda place: (shutil.rmtree(place), place.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_checkpoint_is_set_aside_and_the_one_before_is_used(folder, damage):
    store = store_in(folder)
    save(store)
    newest = save(store)
    damage(newest.directory)
    heard = []
    intact = store.newest_intact(heard.append)
    assert intact is not None
    assert intact.number == 1
    assert len(heard) == 1
    assert "000002" in str(heard[0])
    assert sorted(path.name for path in folder.iterdir()) == ["000001", "000002.damaged"]


def test_no_flip_of_a_bit_of_the_manifest_is_believed(folder):
    checkpoint = save(store_in(folder), reported=1.5)
    path = checkpoint.directory / MANIFEST_FILE
    whole = path.read_bytes()
    believed = 0
    for position in range(len(whole)):
        flip(path, position)
        try:  # the last digit of a float may be beyond its precision, and so change nothing
            assert verify(checkpoint.directory) == checkpoint.manifest
            believed += 1
        except CheckpointError:
            pass
        path.write_bytes(whole)
    assert believed < 4


def test_when_all_are_damaged_it_is_an_error_that_names_them_each_time(folder):
    store = store_in(folder)
    for _ in range(2):
        flip(save(store).directory / "state.json")
    for _ in range(2):
        with pytest.raises(CheckpointError, match=r"000001\.damaged, 000002\.damaged"):
            store.newest_intact(lambda _error: None)


def test_no_checkpoint_at_all_is_no_error(folder):
    assert store_in(folder).newest_intact(pytest.fail) is None


def test_a_newer_format_is_refused_and_not_taken_for_damage(folder, monkeypatch):
    store = store_in(folder)
    save(store)
    newest = save(store)
    monkeypatch.setattr("mlkernel.checkpoint.manifest.FORMAT", 0)
    with pytest.raises(UsageError, match="has format 1; this mlkernel reads up to 0"):
        store.newest_intact(pytest.fail)
    assert newest.directory.is_dir()


def test_the_best_is_the_best_intact_one(folder):
    store = store_in(folder, keep_best=2)
    save(store, reported=5.0)
    flip(save(store, reported=9.0).directory / "state.json")
    heard = []
    best = store.best_intact(heard.append)
    assert best is not None
    assert best.number == 1
    assert len(heard) == 1


def test_a_write_that_fails_leaves_nothing_and_harms_nothing(folder):
    store = store_in(folder)
    save(store)

    def write(directory):
        (directory / "state.json").write_text("half")
        raise RuntimeError("the codec failed")

    with pytest.raises(RuntimeError, match="the codec failed"):
        store.save(write, completed={}, metrics_size=0, reported=None, kept=False)
    assert [path.name for path in folder.iterdir()] == ["000001"]


def test_what_a_dead_process_left_is_removed(folder):
    store = store_in(folder)
    save(store)
    for leftover in (".writing-000002", ".leaving-000000"):
        (folder / leftover).mkdir()
        (folder / leftover / "state.json").write_text("half")
    store.clear_leftovers()
    assert [path.name for path in folder.iterdir()] == ["000001"]


def test_the_manifest_is_plain_json_with_the_hash_of_each_file(folder):
    place = save(store_in(folder)).directory
    content = json.loads((place / MANIFEST_FILE).read_text())
    assert content["format"] == 1
    assert set(content["files"]) == {"state.json", "parts/one.bin"}
    assert read_manifest(place).files == content["files"]
