import itertools
import subprocess
import sys

import numpy as np
import pytest

from mlkernel.errors import TrainingError
from mlkernel.run.random_stream import RandomStream

SHOW = """
from mlkernel.run.random_stream import RandomStream
stream = RandomStream(7, "minibatches")
print(stream.seed_value, stream.random(), stream.numpy.integers(1 << 60), stream.sample(range(100), 5))
"""


def test_a_stream_is_the_same_in_every_process_whatever_its_hash_seed():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SHOW], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "4242")
    }
    # Written down, since runs of earlier versions must be repeatable.
    assert outputs == {b"8455346931977786727 0.48656147004109473 210982555430517851 [77, 18, 19, 32, 96]\n"}


def test_streams_are_told_apart_by_name_and_seed_and_numpy_from_python():
    draws = [
        draw
        for seed, name in itertools.product((0, 1, 2, 10), ("", "a", "b", "0/a"))
        for draw in (
            RandomStream(seed, name).random(),
            float(RandomStream(seed, name).numpy.random()),
            RandomStream(seed, name).seed_value,
        )
    ]
    assert len(set(draws)) == len(draws)


def test_drawing_from_one_stream_moves_no_other():
    one, other = RandomStream(0, "one"), RandomStream(0, "other")
    expected = [RandomStream(0, "other").random(), float(RandomStream(0, "other").numpy.random())]
    one.random(), one.numpy.random(size=100)
    assert [other.random(), float(other.numpy.random())] == expected


def test_streams_are_uncorrelated():
    draws = np.array([RandomStream(0, str(name)).numpy.normal(size=4000) for name in range(20)])
    correlations = np.corrcoef(draws)[~np.eye(20, dtype=bool)]
    assert np.abs(correlations).max() < 5 / np.sqrt(4000)


@pytest.mark.parametrize("uses_numpy", [False, True])
def test_a_stream_goes_on_where_its_state_was_taken(uses_numpy):
    stream = RandomStream(3, "x")
    stream.gauss(0, 1)  # keeps a second number back
    if uses_numpy:
        stream.numpy.normal(size=3)
    state = stream.state_dict()
    restored = RandomStream(3, "x")
    restored.load_state_dict(state)
    assert [stream.gauss(0, 1), stream.random(), stream.seed_value] == [
        restored.gauss(0, 1),
        restored.random(),
        restored.seed_value,
    ]
    assert stream.numpy.normal(size=3).tolist() == restored.numpy.normal(size=3).tolist()


SHARED = """
class Tiny(Base):
    def __init__(self, run):
        super().__init__(run)
        self.setup = random.random()  # setting up draws, too

    def train(self):
        import numpy as np

        for iteration in self.run.loop("train", 4):
            late = self.run.random(str(iteration.number))
            iteration.log(python=random.random(), numpy=np.random.rand(), late=late.random())
            if iteration.number == 2 and self.run.attempt == 1 and "fails" in self.run.plan.trainer.name:
                raise RuntimeError("once")


class fails(Tiny):
    pass
"""


def test_generators_that_third_party_code_shares_are_seeded_and_restored(trainer_folder):
    folder = trainer_folder("import numpy\n" + SHARED)
    folder.start_here()
    unbroken = folder.metrics
    with pytest.raises(TrainingError):
        folder.start_here("checkpoint.every_iterations=1", trainer="fails")
    folder.resume_here()
    assert folder.metrics == unbroken
    folder.start_here("run.seed=1")
    assert not {tuple(record[2].values()) for record in folder.metrics} & {
        tuple(record[2].values()) for record in unbroken
    }


def test_numpy_that_the_import_of_a_trainer_loads_is_seeded(kernel_process):
    process = kernel_process("")
    (process.folder / "heavy.py").write_text(
        """
import numpy as np
from mlkernel import Trainer


class Heavy(Trainer):
    def train(self):
        for iteration in self.run.loop("train", 2):
            iteration.log(drawn=np.random.rand())
"""
    )
    (process.folder / "light.py").write_text(
        "from mlkernel import Descriptor\nheavy = Descriptor(name='heavy', summary='.', factory='heavy:Heavy')\n"
    )
    process.environment["PYTHONPATH"] = str(process.folder)
    drawn = []
    for _ in range(2):
        finished = process.kernel("run", "--trainer", "light:heavy", "--progress-bar", "none")
        assert finished.returncode == 0, finished.stderr
        drawn.append(process.metrics)
    assert drawn[0] == drawn[1]
