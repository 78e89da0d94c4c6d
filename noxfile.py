"""Every task a person needs: ``nox -l`` lists them, ``nox -s NAME`` does one in an environment of its own.

``nox -s run`` trains PPO on CartPole in an environment made anew and is the quickest way to see the project work.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent
CORE = "core"
PACKAGES = [
    CORE,
    "plugins/torch",
    "plugins/rl",
    "plugins/text",
    "plugins/locallm",
    "plugins/search",
    "contrib/tqdm",
    "contrib/tensorboard",
    "contrib/mlflow",
    "contrib/wandb",
]
"""In the order of their dependencies."""
WITH_EXTRAS = [
    "core[plot,data,report,pdf,postgres,hdf5]",
    "plugins/torch[tensordict]",
    "plugins/rl[torchrl,render]",
    "plugins/text[parquet,tinker]",
    "plugins/locallm",
    "plugins/search[optuna-gp,cma-es,hyperopt,nevergrad,skopt]",
    "contrib/tqdm",
    "contrib/tensorboard",
    "contrib/mlflow[local]",
    "contrib/wandb",
]
"""The same, with everything that they can use, but for what is in the next list."""
LARGE_EXTRAS = ["plugins/locallm[huggingface]", "plugins/search[ax,smac]"]
"""What takes hundreds of megabytes; only slow tests use it."""
CONSTRAINTS = "constraints.txt"
WORKERS = "3"
"""Test processes, for two cores: many tests wait for what they started. Each trains with one thread."""

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "virtualenv"
nox.options.sessions = ["lint", "types", "tests", "docs"]
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
# Tests start many hundred processes, none of which should compile the sources anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def group(name: str) -> list[str]:
    """Requirements of a dependency group."""
    return list(nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), name))


def install(session: nox.Session, *requirements: str) -> None:
    """Install at the known-good versions, torch before anything that could ask for another build of it."""
    session.install("-c", CONSTRAINTS, "torch")
    session.install("-c", CONSTRAINTS, *requirements)


def editable(packages: list[str]) -> list[str]:
    """Arguments of pip that install *packages* of this repository in place."""
    return [word for package in packages for word in ("-e", f"./{package}")]


@nox.session
def run(session: nox.Session) -> None:
    """Train PPO on CartPole; further words are passed on, as in ``nox -s run -- env.name=Acrobot-v1``."""
    install(session, "./core[plot]", "./plugins/torch", "./plugins/rl")
    session.run("kernel", "run", "--trainer", "ppo", "--runs", "runs", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests of all packages, but for the slow ones."""
    install(session, *group("test"), *editable(WITH_EXTRAS))
    session.run("pytest", "-n", WORKERS, "--dist", "loadfile", *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the tests that take minutes: many kills, many seeds, models of other libraries."""
    install(session, *group("test"), *editable([*WITH_EXTRAS, *LARGE_EXTRAS]))
    session.run("pytest", "-m", "slow", "--timeout", "3600", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting and the layers of the architecture."""
    session.install("-c", CONSTRAINTS, *group("lint"))
    session.install("--no-deps", *editable(PACKAGES))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of every package."""
    install(session, *group("types"), *editable(WITH_EXTRAS))
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a warning is an error."""
    session.install("-c", CONSTRAINTS, *group("docs"), "./core")
    session.install("--no-deps", *(f"./{package}" for package in PACKAGES[1:]))
    session.run(
        "sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html", *session.posargs
    )


@nox.session
def bench(session: nox.Session) -> None:
    """Measure the kernel's own overhead and print a table."""
    install(session, *editable(WITH_EXTRAS))
    session.run("python", "benchmarks/overhead.py", *session.posargs)


@nox.session
@nox.parametrize("package", PACKAGES)
def minimums(session: nox.Session, package: str) -> None:
    """Test a package alone with the lowest versions that it claims to work with.

    torch stays at its pin: older builds would bring several GB of CUDA libraries.
    """
    packages = needed_packages(package)
    lowest = Path(session.create_tmp()) / "lowest.txt"
    lowest.write_text("\n".join([torch_pin(), *lowest_requirements(packages)]) + "\n", encoding="utf-8")
    complete = WITH_EXTRAS[PACKAGES.index(package)]
    session.install("-c", str(lowest), *group("test"), *(f"./{own}" for own in [*packages[:-1], complete]))
    # Warnings are no errors here: old libraries warn of what they use of each other.
    session.run("pytest", "-W", "default", f"{package}/tests", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Build wheels and source distributions into dist/, and install the wheels beside each other."""
    session.install("-c", CONSTRAINTS, *group("build"))
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    for package in PACKAGES:
        session.run("python", "-m", "build", "--outdir", "dist", package)
    install(session, *map(str, sorted(Path("dist").glob("*.whl"))))
    session.run("kernel", "version")
    session.run("kernel", "plugin", "list")
    runs = session.create_tmp()
    session.run("kernel", "run", "--trainer", "ppo", "--runs", runs, "iterations=2", "test_episodes=1")
    # With the weights that the wheel brings.
    session.run(
        "kernel", "run", "--trainer", "expert-iteration", "--runs", runs, "iterations=1", "episodes=32"
    )


@nox.session
def startup(session: nox.Session) -> None:
    """Measure what ``kernel --help`` and its neighbours cost beside large packages that they need not."""
    install(session, *group("test"), *group("startup"), *editable(WITH_EXTRAS))
    session.run("pytest", "tests/startup")
    session.run("python", "benchmarks/startup.py")


@nox.session
def downstream(session: nox.Session) -> None:
    """Install a stranger's plugin beside ours and train with it; run every suite against installed packages."""
    install(session, *group("test"), *(f"./{package}" for package in WITH_EXTRAS))
    session.run("pytest", "-m", "", "tests/docs/test_published_plugin.py")
    session.run("pytest", "-n", WORKERS, "--dist", "loadfile", *(f"{package}/tests" for package in PACKAGES))


@nox.session
def constraints(session: nox.Session) -> None:
    """Write constraints.txt anew with the newest versions; torch keeps its pin, which is raised by hand."""
    session.install(torch_pin())
    session.install(torch_pin(), *group("dev"), *editable([*WITH_EXTRAS, *LARGE_EXTRAS]))
    frozen = str(session.run("pip", "freeze", "--exclude-editable", silent=True)).splitlines()
    old = Path(CONSTRAINTS).read_text(encoding="utf-8").splitlines()
    header = [line for line in old if line.startswith(("#", "torch=="))]
    pins = [line for line in frozen if not line.startswith(("torch==", "mlkernel"))]
    Path(CONSTRAINTS).write_text("\n".join([*header, "", *pins]) + "\n", encoding="utf-8")


def torch_pin() -> str:
    """The requirement ``torch==...`` of the constraints."""
    lines = Path(CONSTRAINTS).read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("torch=="))


def required(package: str) -> list[Requirement]:
    """What *package* of this repository cannot do without."""
    project = nox.project.load_toml(f"{package}/pyproject.toml")["project"]
    return [Requirement(text) for text in project["dependencies"]]


def dependencies(package: str) -> list[Requirement]:
    """What *package* of this repository declares to need, its extras included."""
    project = nox.project.load_toml(f"{package}/pyproject.toml")["project"]
    optional = project.get("optional-dependencies", {}).values()
    return [*required(package), *(Requirement(text) for texts in optional for text in texts)]


def needed_packages(package: str) -> list[str]:
    """*package* after those of this repository that it builds on."""
    own = {nox.project.load_toml(f"{path}/pyproject.toml")["project"]["name"]: path for path in PACKAGES}
    below = [own[needed.name] for needed in required(package) if needed.name in own]
    needed = {path for lower in below for path in needed_packages(lower)} | {package}
    return [path for path in PACKAGES if path in needed]


def lowest_requirements(packages: list[str]) -> list[str]:
    """``name==lowest`` for each outside dependency of *packages*; of several lowest versions the highest one."""
    lowest: dict[str, Version] = {}
    for needed in (needed for package in packages for needed in dependencies(package)):
        for bound in needed.specifier:
            if bound.operator == ">=" and needed.name != "torch" and not needed.name.startswith("mlkernel"):
                lowest[needed.name] = max(lowest.get(needed.name, Version("0")), Version(bound.version))
    return [f"{name}=={version}" for name, version in lowest.items()]
