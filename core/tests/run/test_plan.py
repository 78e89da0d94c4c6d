import hashlib
import json
import pickle

import attrs
import pytest

from mlkernel.errors import UsageError
from mlkernel.run.plan import ChosenTrainer, Plan, Revision, read_plan
from mlkernel.run.provenance import describe_provenance


@pytest.fixture
def plan():
    return Plan(
        run_id="ppo-1",
        created="2026-01-31T14:25:01+00:00",
        trainer=ChosenTrainer(
            name="ppo", reference="mlkernel-rl:ppo", distribution="mlkernel-rl", version="0.1.0"
        ),
        config={"trainer": {"lr": 1e-3, "sizes": [64, 64], "ü": None}, "run": {"seed": 7}},
        provenance={"python": "3.11.7", "plugins": []},
        revisions=(Revision(attempt=2, changes={"trainer.lr": 0.5}),),
    )


def test_a_plan_comes_back_equal(plan, tmp_path):
    plan.write(tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json") == plan
    assert plan.seed == 7
    assert pickle.loads(pickle.dumps(plan)) == plan


def test_a_newer_format_is_refused(plan, tmp_path):
    attrs.evolve(plan, format=99).write(tmp_path / "plan.json")
    with pytest.raises(UsageError, match="has format 99; this mlkernel reads up to 1"):
        read_plan(tmp_path / "plan.json")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": 1}', '{"format": 1, "trainer": {"nam": 1}}']
)
def test_a_damaged_plan_is_refused_by_name(tmp_path, text):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(UsageError, match=r"plan\.json is no readable plan"):
        read_plan(tmp_path / "plan.json")


def test_the_plan_of_a_run_tells_where_its_code_came_from(trainer_folder):
    folder = trainer_folder("class Tiny(Base):\n    pass\n")
    folder.start_here("iterations=2", "run.seed=5")
    plan = read_plan(folder.files.plan)
    assert plan.run_id == folder.files.run_id
    assert plan.trainer == ChosenTrainer(
        name="Tiny", reference=f"{folder.trainer}:Tiny", distribution=None, version=None
    )
    assert plan.config["trainer"]["iterations"] == 2
    assert plan.config["checkpoint"]["keep_last"] == 2, "defaults are written out"
    assert plan.seed == 5
    (trainer, *_) = plan.provenance["plugins"]
    assert trainer["sha256"] == hashlib.sha256(folder.trainer.read_bytes()).hexdigest()
    assert plan.provenance["mlkernel"]
    assert json.loads(json.dumps(plan.provenance)) == plan.provenance


def test_versions_of_what_a_component_needs_are_told():
    from mlkernel.discovery.name_resolution import resolve

    provenance = describe_provenance([resolve("state_codec", "numpy")], ["kernel", "run"])
    assert set(provenance["packages"]) == {"numpy"}
    assert provenance["plugins"][0]["distribution"] == "mlkernel"
    assert provenance["command"] == ["kernel", "run"]


def test_every_run_gets_a_name_of_its_own(trainer_folder):
    folder = trainer_folder("class Tiny(Base):\n    pass\n")
    for _ in range(3):
        folder.start_here("run.name=my first/run")
    names = [path.name for path in folder.runs.iterdir() if path.is_dir()]
    assert len(names) == 3
    assert all(name.startswith("my-first-run-") for name in names)
