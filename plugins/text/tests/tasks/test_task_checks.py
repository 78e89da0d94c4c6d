import json

import pytest

from mlkernel.testing import check_plugin

SMALL = ["train_size=60", "validation_size=8", "test_size=16"]
VARIANTS = [
    ("arithmetic", SMALL),
    ("arithmetic", [*SMALL, "digits=1"]),
    ("arithmetic", [*SMALL, 'operations=["-", "*"]', "digits=4"]),
    ("graph-isomorphism", SMALL),
    ("graph-isomorphism", [*SMALL, "min_nodes=4", "max_nodes=5"]),
    ("python-functions", SMALL),
]


@pytest.mark.parametrize(("name", "overrides"), VARIANTS)
def test_every_task_keeps_the_contract(name, overrides):
    results = check_plugin(name, kind="text_task", overrides=overrides)
    assert [result for result in results if not result.passed] == []


def test_a_local_file_keeps_the_contract(tmp_path):
    path = tmp_path / "problems.jsonl"
    rows = ({"question": f"Is {n} even?", "solution": "yes", "label": n % 2 == 0} for n in range(80))
    path.write_text("\n".join(map(json.dumps, rows)))
    overrides = [f"path={path}", "label_column=label", "solution_column=solution"]
    results = check_plugin("local-file", kind="text_task", overrides=overrides)
    assert [result for result in results if not result.passed] == []
