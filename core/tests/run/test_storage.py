"""Full disks and folders that may not be written: exit code 2, nothing complete is lost."""

import ctypes
import resource
import subprocess

import pytest

from mlkernel.checkpoint.manifest import verify
from mlkernel.records.metrics import read_metrics

LIBC = ctypes.CDLL(None, use_errno=True)
OFTEN = ["checkpoint.every_iterations=1", "checkpoint.every_seconds=null"]

GROWING = '''
class Tiny(Base):
    """Its state grows until it does not fit any more."""

    def step(self, iteration):
        self.trail += [iteration.number] * 3999
        iteration.log(length=len(self.trail))

    def train(self):
        super().train()
        with self.run.artifact("state.json") as path:
            path.write_text(json.dumps(len(self.trail)))
'''


def limit_file_size():
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))


def assert_whole(files):
    """Every checkpoint is intact and the metrics can be read."""
    places = sorted(files.checkpoints.glob("[0-9]*"))
    assert places
    for place in places:
        verify(place)
    assert not list(files.checkpoints.glob(".*"))
    return read_metrics(files.path)


def test_a_file_that_may_not_grow_ends_the_run_and_it_goes_on_later(kernel_process):
    process = kernel_process(GROWING)
    failed = process.run("iterations=10", *OFTEN, preexec_fn=limit_file_size)
    assert failed.returncode == 2, failed.stderr
    assert "no room left to write" in failed.stderr
    assert "kernel resume" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert process.status.state == "failed"
    assert_whole(process.files)
    assert process.resume_here().exit_code == 0
    assert [record.metrics["length"] for record in assert_whole(process.files)] == [
        4000 * n for n in range(1, 11)
    ]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk takes more rights; the limit on file sizes is tested instead")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_full_while_training_ends_the_run_and_it_goes_on_when_there_is_room(
    kernel_process, small_disk
):
    process = kernel_process(GROWING)
    process.runs = small_disk / "runs"
    process.environment["MLKERNEL_RUNS"] = str(process.runs)
    (small_disk / "ballast").write_bytes(bytes(850_000))
    failed = process.run("iterations=10", *OFTEN)
    assert failed.returncode == 2, failed.stderr
    assert "no room left to write" in failed.stderr
    assert "Traceback" not in failed.stderr
    kept = len(assert_whole(process.files))
    assert 1 <= kept < 10
    fill(small_disk / "more")
    again = process.resume()
    assert again.returncode == 2, again.stderr
    assert "Traceback" not in again.stderr
    assert len(assert_whole(process.files)) >= 1
    (small_disk / "ballast").unlink()
    (small_disk / "more").unlink()
    resumed = process.resume()
    assert resumed.returncode == 0, resumed.stderr
    assert [record.metrics["length"] for record in assert_whole(process.files)] == [
        4000 * n for n in range(1, 11)
    ]
    assert process.final_state() == 40_000


def fill(path):
    """Write to *path* until nothing goes any more."""
    with path.open("wb", buffering=0) as file:
        for size in (10_000, 100, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


def test_on_a_full_disk_no_run_is_begun(kernel_process, small_disk):
    process = kernel_process(GROWING)
    process.runs = small_disk / "runs"
    process.environment["MLKERNEL_RUNS"] = str(process.runs)
    process.runs.mkdir()
    fill(small_disk / "ballast")
    failed = process.run()
    assert failed.returncode == 2, failed.stderr
    assert "no room left to write" in failed.stderr
    assert not list(process.runs.iterdir())


def obey_permissions():
    """Take from root what lets it write everywhere; for anybody else there is nothing to take."""
    drop_from_bounding_set, dac_override, dac_read_search = 24, 1, 2
    for capability in (dac_override, dac_read_search):
        LIBC.prctl(drop_from_bounding_set, capability, 0, 0, 0)


@pytest.mark.parametrize("place", ["the folder of runs", "the run directory", "its checkpoints"])
def test_a_folder_that_may_not_be_written(kernel_process, place):
    process = kernel_process(GROWING)
    process.start_here("iterations=2", *OFTEN)
    files = process.files
    closed = {"the folder of runs": process.runs, "the run directory": files.path}.get(
        place, files.checkpoints
    )
    closed.chmod(0o555)
    if closed == process.runs:
        failed = process.run(preexec_fn=obey_permissions)
    else:
        failed = process.resume("--set", "trainer.iterations=3", preexec_fn=obey_permissions)
    closed.chmod(0o755)
    assert failed.returncode == 2, failed.stderr
    assert f"cannot write {closed}" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert len(assert_whole(files)) >= 2
