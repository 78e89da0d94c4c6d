import ast

import pytest

from mlkernel import TrainingError
from mlkernel_text.tasks.isolated_runs import Program, behaviours
from mlkernel_text.tasks.mutations import mutants
from mlkernel_text.tasks.python_functions import PythonFunctions
from mlkernel_text.tasks.python_functions_config import PythonFunctionsConfig

LIMITS = {"memory": 512, "timeout": 60.0, "max_steps": 500}


def behaviour(source, *inputs):
    return behaviours([Program(source, inputs)], **LIMITS)[0].splitlines()


def test_half_of_the_functions_are_right_and_wrong_ones_are_mutants():
    config = PythonFunctionsConfig(train_size=120, harmless_mutations=1.0)
    functions = PythonFunctions(config, 0).instances("train", "claim")
    assert 35 < sum(function.label for function in functions) < 85
    for function in functions:
        ast.parse(function.fields["solution"])
        assert function.label or function.fields["mutation"] != "none"
    harmless = [
        function for function in functions if function.label and function.fields["mutation"] != "none"
    ]
    assert harmless, "mutations that change nothing make right functions"


def test_endless_loops_errors_and_deep_recursion_are_behaviour():
    assert behaviour("def f(n):\n    while n: pass\n    return n", [1], [0]) == ["EndlessError", "0"]
    assert behaviour("def f(n):\n    return 1 // n", [0], [1]) == ["ZeroDivisionError", "1"]
    assert behaviour("def f(n):\n    return f(n)", [0]) in (["EndlessError"], ["RecursionError"])


def test_arguments_are_not_shared_between_functions():
    changing = Program("def f(x):\n    x.append(1)\n    return x", [[[0]], [[0]]])
    assert behaviours([changing, changing], **LIMITS) == ["[0, 1]\n[0, 1]"] * 2


def test_the_process_can_write_no_file_and_knows_no_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_OF_MINE", "1")
    source = "def f(p):\n    import os\n    if p: open(p, 'w').write('x')\n    return os.environ.get('SECRET_OF_MINE')"
    target = tmp_path / "written"
    try:
        found = behaviour(source, [""], [str(target)])
    except TrainingError:
        found = ["None"]
    assert found[0] == "None"
    assert not target.exists() or target.read_text() == ""


def test_too_much_memory_or_time_is_an_error_that_names_the_option():
    hungry = "def f(n):\n    return len(bytearray(n))"
    assert behaviour(hungry, [2**31]) == ["MemoryError"]
    with pytest.raises(TrainingError, match="ended early"):
        behaviours([Program("import os\nos._exit(3)\ndef f(): pass", [[]])], **LIMITS)
    slow = Program("def f(n):\n    return sum(range(n))", [[10**10]])
    with pytest.raises(TrainingError, match=r"within 0\.2 s"):
        behaviours([slow], memory=512, timeout=0.2, max_steps=500)


def test_every_mutant_differs_from_the_original_in_one_place():
    source = ast.unparse(
        ast.parse("def f(n):\n    if n < 3 and n != 1:\n        return n + 2\n    return n // 2")
    )
    made = mutants(source)
    assert {mutant.mutation for mutant in made} == {
        "off by one",
        "wrong operator",
        "wrong connective",
        "wrong constant",
        "negated condition",
    }
    assert source not in {mutant.source for mutant in made}
    assert len({mutant.source for mutant in made}) == len(made)
