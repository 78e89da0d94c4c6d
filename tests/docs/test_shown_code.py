"""What the documentation shows exists: commands parse, code compiles, and names can be imported."""

from __future__ import annotations

import ast
import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from mlkernel.cli.main import COMMANDS, build_parser, main
from mlkernel.config.sections import build
from mlkernel.discovery.entry_point_index import read_index
from mlkernel.discovery.name_resolution import resolve

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted(
    [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"), *REPOSITORY.glob("*/*/README.md")]
)
OWN_PACKAGES = (
    "mlkernel",
    "mlkernel_torch",
    "mlkernel_rl",
    "mlkernel_text",
    "mlkernel_locallm",
    "mlkernel_tqdm",
)
CONTINUED = re.compile(r"\s*\\\n\s*")


def shown_commands() -> list[str]:
    """Every ``kernel ...`` line of a page, without comments, background signs and what a shell would fill in."""
    lines = {
        re.split(r"\s[#&>]|;", line)[0].strip()
        for page in PAGES
        for line in re.findall(r"^(?:\$ |    )(kernel .+)$", text_of(page), re.MULTILINE)
    }
    return sorted(lines)


def text_of(page: Path) -> str:
    """What is written on *page*, with commands of several lines on one."""
    return CONTINUED.sub(" ", page.read_text(encoding="utf-8"))


def shown_code(language: str) -> list[str]:
    """Every block of a page in *language*."""
    block = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [code for page in PAGES for code in block.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("command", [line for line in shown_commands() if not line.endswith("--help")])
def test_shown_command_is_understood(command):
    words = shlex.split(command)[1:]
    build_parser(words).parse_args(words)


def names_installed_trainer(command: str) -> bool:
    """Whether a shown command trains with a trainer of our packages, and not with one that the page invents."""
    named = re.search(r" --trainer ([\w-]+)(?: |$)", command)
    return named is not None and named[1] in {row.name for row in read_index().rows("mlkernel.trainers")}


@pytest.mark.parametrize("command", list(filter(names_installed_trainer, shown_commands())))
def test_shown_options_exist(command):
    words = [word for word in shlex.split(command)[1:] if word != "--help"]
    arguments = build_parser(words).parse_args(words)
    trainer = resolve("trainer", arguments.trainer)
    if not getattr(arguments, "config", []):
        build(trainer.config_class(), overrides=arguments.overrides, descriptor=trainer.descriptor)


@pytest.mark.parametrize("command", [line for line in shown_commands() if line.endswith("--help")])
def test_shown_help_is_of_a_command_that_exists(command):
    word = shlex.split(command)[1]
    assert word == "--help" or word in COMMANDS


@pytest.mark.parametrize("code", shown_code("python"), ids=range(len(shown_code("python"))))
def test_shown_code_compiles_and_imports_what_exists(code):
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in OWN_PACKAGES:
            module = import_module(node.module)
            missing = [alias.name for alias in node.names if not hasattr(module, alias.name)]
            assert missing == []


@pytest.mark.parametrize(
    "settings", [code for code in shown_code("toml") if 'use = "ppo"' in code], ids=range(2)
)
def test_shown_settings_are_valid(tmp_path, settings):
    (tmp_path / "settings.toml").write_text(settings)
    assert main(["config", "validate", str(tmp_path / "settings.toml")]) == 0


def test_the_trainer_of_the_readme_is_the_tested_example():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    example = (REPOSITORY / "docs" / "examples" / "parabola.py").read_text(encoding="utf-8")
    assert f"```python\n{example}```" in readme


def test_links_between_pages_lead_somewhere():
    for page in [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
