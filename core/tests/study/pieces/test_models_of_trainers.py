"""Models that name an installed trainer: its options are known when the model is kept."""

import pytest

OPTIONS = """
    from attrs import frozen

    from mlkernel import option


    @frozen(kw_only=True)
    class Options:
        lr: float = option(1e-3, help="Step size.")
        steps: int = option(help="How many; required.")
"""


@pytest.fixture
def sample(site_folder, folder):
    site_folder.install_trainer(
        "some-lib", "sample", module="some_lib", more="config='some_lib:Options'", before=OPTIONS
    )


def test_options_that_exist_are_kept_though_others_are_required(folder, sample):
    folder.config("create", "model", "m", "--trainer", "sample", "--set", "lr=0.1")
    folder.config("update", "model", "m", "--param", '{"trainer.steps": 3}')
    assert folder.text("model/m.yaml") == "trainer: sample\nset:\n  lr: 0.1\n  trainer.steps: 3\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "lrr=1"], "trainer.lrr: unknown key; did you mean lr?  (command line)"),
        (["--set", "lr=fast"], "lr: it is 'fast'; the option is a float  (command line)"),
        (["--set", "steps=1.5", "--set", "x=1"], "2 problems"),
    ],
)
def test_options_that_do_not_exist_are_refused(folder, sample, words, said):
    assert said in folder.refused("create", "model", "m", "--trainer", "sample", *words)
    assert folder.files() == []


def test_a_model_that_was_written_by_hand_is_checked_with_its_lines(folder, sample):
    (folder.path / "pieces" / "model").mkdir(parents=True)
    (folder.path / "pieces" / "model" / "m.yaml").write_text("trainer: sample\nset:\n  lr: 0.1\n  step: 3\n")
    said = "trainer.step: unknown key; did you mean steps?  (pieces/model/m.yaml:4)"
    assert said in folder.refused("show", "model", "m")


def test_a_project_of_a_trainer_needs_no_scripts(folder, sample):
    folder.config("create", "model", "m", "--trainer", "sample", "--set", "steps=3")
    folder.config("create", "space", "s", "trainer.lr=loguniform(1e-5,1e-2)")
    folder.config("create", "space", "wrong", "trainer.lrr=loguniform(1e-5,1e-2)")
    words = ["project", "p", "-m", "m", "trials=2", "algorithm=random"]
    said = folder.refused("create", *words, "-s", "wrong")
    assert "trainer.lrr: unknown key; did you mean lr?" in said
    assert "--no-import" not in said
    folder.config("create", *words, "-s", "s")
    assert "some-lib 1.0" in folder.config("show", "project", "p")
    assert not (folder.path / "pieces" / "project" / "p" / "scripts").exists()
