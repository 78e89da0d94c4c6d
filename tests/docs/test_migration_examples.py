"""The commands of the migration guides, typed as the pages show them, find what the pages promise.

The quick suite gives every study but the cheapest a few trials only; ``-m slow`` types them as they are.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlkernel.study.study_directory import StudyDirectory

DOCS = Path(__file__).parents[2] / "docs"
FASHION = Path("/usr/share/datasets/fashion-mnist")
LAST = 0.99**9001
"""What the ODE multiplies its beginning with until its last report."""


class Reader:
    """Somebody in an empty folder with the examples and a page."""

    def __init__(self, page: str, folder: Path) -> None:
        self._page, self._folder = (DOCS / page).read_text(encoding="utf-8"), folder

    def types(self, heading: str, *changes: str, without: tuple[str, ...] = ()) -> None:
        """Type the commands below *heading*; searches with *changes*, and none that begins with words of *without*."""
        section = self._page.split(f"\n### {heading}\n")[1].split("\n### ")[0].split("\n## ")[0]
        for line in re.findall(r"^\$ kernel (.+)$", section, re.MULTILINE):
            words = shlex.split(line)
            if words[0] == "search":
                words += changes
            if not line.startswith(without or ("no command",)):
                self.run(*words)

    def run(self, *words: str) -> None:
        """Type one command, which must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "mlkernel", *words],
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}\n{done.stderr}"

    def values(self, study: str) -> list[float]:
        """The values of the successful trials, in the order of their numbers."""
        return [trial.values[0] for trial in self.trials(study) if trial.values is not None]

    def trials(self, study: str) -> list:
        store = StudyDirectory(self._folder / "studies" / study).open()
        try:
            return list(store.trials(study))
        finally:
            store.close()

    def has_report(self, study: str) -> bool:
        page = self._folder / "studies" / study / "report" / f"{study}.html"
        return "parcoords" in page.read_text(encoding="utf-8")


@pytest.fixture
def hpogrid(tmp_path):
    shutil.copytree(DOCS / "examples" / "hpogrid", tmp_path / "example" / "scripts")
    return Reader("migrating-from-hpogrid.md", tmp_path)


@pytest.fixture
def mle_toolbox(tmp_path):
    shutil.copytree(DOCS / "examples" / "mle_toolbox", tmp_path, dirs_exist_ok=True)
    return Reader("migrating-from-mle-toolbox.md", tmp_path)


NO_REPORT = ("study report",)
REPORT_NEEDS = ("plotly", "optuna", "scipy")


def test_the_objective_function_of_hpogrid(hpogrid):
    hpogrid.types("A simple objective function", without=NO_REPORT)
    for trial in hpogrid.trials("simple_objective"):
        height, width = trial.parameters["height"], trial.parameters["width"]
        assert trial.values == ((height - 14) ** 2 - abs(width - 3),)
    assert len(hpogrid.values("simple_objective")) == 200
    assert min(hpogrid.values("simple_objective")) == pytest.approx(-16.07, abs=0.01)


def test_the_trainable_class_of_hpogrid(hpogrid):
    pytest.importorskip("optuna")
    hpogrid.types("A simple trainable class", "trials=40", without=NO_REPORT)
    assert min(hpogrid.values("simple_trainable")) < -4.9


def test_the_image_network_of_hpogrid_on_digits(hpogrid, tmp_path):
    pytest.importorskip("hyperopt")
    pytest.importorskip("sklearn")
    digits = ("trials=2", "set.data=null", "--metric=accuracy", "--mode=max", "max_step=3")
    hpogrid.types("A convolutional network for images", *digits, without=NO_REPORT)
    assert max(hpogrid.values("mnist_cnn")) > 0.5
    hpogrid.run("study", "export", "mnist_cnn", "trials.csv")
    assert "values.accuracy,metrics.loss," in (tmp_path / "trials.csv").read_text()


def test_the_recurrent_network_of_hpogrid(hpogrid):
    hpogrid.types(
        "A recurrent network for particles", "trials=1", "set.tracks=1024", "max_step=1", without=NO_REPORT
    )
    assert hpogrid.values("RNN_TRT")[0] >= 0.4


def test_a_search_without_stored_pieces(hpogrid):
    hpogrid.types("Without stored pieces", "algorithm=sobol")
    assert min(hpogrid.values("short")) < 0


def test_seeds_and_configurations_of_mle_toolbox(mle_toolbox):
    mle_toolbox.types("Several seeds and configurations", "seeds=2", "resources.cpus=1", without=NO_REPORT)
    assert mle_toolbox.values("ode-multi") == pytest.approx([100.5 * LAST, 200.5 * LAST])


def test_the_newer_layout_of_mle_toolbox(mle_toolbox, tmp_path):
    for name in REPORT_NEEDS:
        pytest.importorskip(name)
    mle_toolbox.types("The newer layout", "jobs=1", "seeds=1")
    assert max(mle_toolbox.values("ode-newer")) == pytest.approx(10 * 0.99)
    study = tmp_path / "studies" / "ode-newer"
    assert (study / "prepared.txt").read_text() == "3"
    assert (study / "best.txt").read_text() == "{'train_config.x_0': 10.0}"
    assert mle_toolbox.has_report("ode-newer")


@pytest.mark.slow
def test_all_of_the_objective_function(hpogrid):
    hpogrid.types("A simple objective function")
    assert min(hpogrid.values("simple_objective")) == pytest.approx(-16.07, abs=0.01)
    assert hpogrid.has_report("simple_objective")


@pytest.mark.slow
def test_all_of_the_search_without_stored_pieces(hpogrid):
    pytest.importorskip("torch")
    hpogrid.types("Without stored pieces")
    assert min(hpogrid.values("short")) < -16.9


@pytest.mark.slow
def test_all_of_the_trainable_class(hpogrid):
    hpogrid.types("A simple trainable class")
    assert min(hpogrid.values("simple_trainable")) == pytest.approx(-5, abs=1e-6)
    assert hpogrid.has_report("simple_trainable")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not FASHION.is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_all_of_the_image_network(hpogrid):
    hpogrid.types("A convolutional network for images")
    values = hpogrid.values("mnist_cnn")
    assert len(values) == 200
    assert min(values) < 0.5
    assert hpogrid.has_report("mnist_cnn")


@pytest.mark.slow
def test_all_of_the_recurrent_network(hpogrid):
    hpogrid.types("A recurrent network for particles")
    assert max(hpogrid.values("RNN_TRT")) > 0.81
    assert hpogrid.has_report("RNN_TRT")


@pytest.mark.slow
def test_all_of_the_seeds_and_configurations(mle_toolbox):
    mle_toolbox.types("Several seeds and configurations")
    assert mle_toolbox.values("ode-multi") == pytest.approx([104.5 * LAST, 204.5 * LAST])
    assert mle_toolbox.has_report("ode-multi")


@pytest.mark.slow
def test_all_of_the_grid(mle_toolbox):
    mle_toolbox.types("A grid")
    assert mle_toolbox.values("ode-grid") == pytest.approx([(x + 0.5) * LAST for x in range(1, 11)])
    assert mle_toolbox.has_report("ode-grid")


@pytest.mark.slow
def test_all_of_the_model_based_search(mle_toolbox):
    mle_toolbox.types("Sequential model-based optimisation")
    assert len(mle_toolbox.values("ode-smbo")) == 15
    assert max(mle_toolbox.values("ode-smbo")) > 10.49 * LAST
    assert mle_toolbox.has_report("ode-smbo")
