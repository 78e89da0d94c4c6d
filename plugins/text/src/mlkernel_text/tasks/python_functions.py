"""Small Python functions that do what is asked, or nearly.

After the code validation of Hammond & Adam-Day, "Neural Interactive Proofs" (2024), made small: functions from
templates, half of them changed by a mutation. Whether a mutant still does what is asked is found by running it beside
the original, so that a mutation which changes nothing makes a right function.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Mapping, Sequence
from functools import cache
from string import Template

from attrs import frozen

from mlkernel_text.scenario.generated_instances import split_of
from mlkernel_text.scenario.scenario import Instance, Split
from mlkernel_text.scenario.stable_random import stable_random
from mlkernel_text.tasks.function_templates import TEMPLATES, Inputs
from mlkernel_text.tasks.isolated_runs import Program, behaviours
from mlkernel_text.tasks.mutations import Mutant, mutants
from mlkernel_text.tasks.python_functions_config import PythonFunctionsConfig
from mlkernel_text.tasks.text_task import CompactLanguage, Form

_CANDIDATES = 3
"""Mutants of which one is chosen, once it is known what they do."""


@frozen
class Draft:
    """A problem before it is known which of its functions are right."""

    task: str
    original: str
    candidates: tuple[Mutant, ...]
    inputs: Inputs
    shall_be_right: bool
    shall_be_mutated: bool

    @property
    def programs(self) -> tuple[Program, ...]:
        """The original and the candidates."""
        sources = (self.original, *(candidate.source for candidate in self.candidates))
        return tuple(Program(source, self.inputs) for source in sources)


class PythonFunctions:
    """Functions to judge, as task ``python-functions``."""

    forms: tuple[Form, ...] = ("claim",)
    fields = frozenset({"question", "solution", "mutation"})
    claim = "The function does what is asked, whatever it is called with."

    def __init__(self, config: PythonFunctionsConfig, seed: int) -> None:
        self._config = config
        self._seed = seed

    def instances(self, split: Split, form: Form) -> Sequence[Instance]:
        """Functions; all functions that come from one original are in one split."""
        return _problems(self._config, self._seed, split)

    def is_right(self, instance: Instance, answer: str) -> bool:
        """There are no open questions."""
        return False

    def compact(self, form: Form) -> CompactLanguage | None:
        """There is no short way to put a function."""
        return None


@cache
def _problems(config: PythonFunctionsConfig, seed: int, split: Split) -> Sequence[Instance]:
    drafts = [
        _draft(config, split, stable_random("functions", seed, split, position))
        for position in range(config.size_of(split))
    ]
    programs = {program.source: program for draft in drafts for program in draft.programs}
    behaved = behaviours(
        list(programs.values()),
        memory=config.memory_mebibytes,
        timeout=config.timeout,
        max_steps=config.max_steps,
    )
    behaviour_of = dict(zip(programs, behaved, strict=True))
    return tuple(
        _settled(f"{split}-{position}", draft, behaviour_of) for position, draft in enumerate(drafts)
    )


def _draft(config: PythonFunctionsConfig, split: Split, random: random.Random) -> Draft:
    while True:
        template = random.choice(TEMPLATES)
        blanks = {name: str(random.choice(values)) for name, values in template.blanks.items()}
        blanks["name"] = random.choice(template.names)
        original = ast.unparse(ast.parse(Template(template.body).substitute(blanks)))
        if split_of(original) == split:
            break
    made = mutants(original)
    signature = original.partition("def ")[2].partition(":")[0]
    return Draft(
        task=f"Write a Python function {signature} that returns {Template(template.task).substitute(blanks)}.",
        original=original,
        candidates=tuple(random.sample(made, min(_CANDIDATES, len(made)))),
        inputs=template.inputs,
        shall_be_right=random.random() < 0.5,
        shall_be_mutated=random.random() < config.harmless_mutations,
    )


def _settled(id: str, draft: Draft, behaviour_of: Mapping[str, str]) -> Instance:  # noqa: A002 - what it is
    """Choose a function that is as right as it shall be, as far as there is one."""
    expected = behaviour_of[draft.original]
    same = [mutant for mutant in draft.candidates if behaviour_of[mutant.source] == expected]
    other = [mutant for mutant in draft.candidates if mutant not in same]
    original = Mutant("none", draft.original)
    if draft.shall_be_right:
        chosen = same[0] if same and draft.shall_be_mutated else original
    else:
        chosen = other[0] if other else original
    fields = {"question": draft.task, "solution": chosen.source, "mutation": chosen.mutation}
    return Instance(id=id, fields=fields, label=int(chosen not in other))
