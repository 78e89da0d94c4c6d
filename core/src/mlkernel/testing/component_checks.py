"""Checks that a component of any kind must pass."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial

from mlkernel.descriptors import Kind
from mlkernel.discovery.component import Component
from mlkernel.discovery.entry_point_index import read_index
from mlkernel.discovery.loading import load_attribute, load_entry_point
from mlkernel.discovery.probe import HEAVY_MODULES
from mlkernel.testing.check import Check, CheckFailed, expect
from mlkernel.testing.config_checks import config_checks
from mlkernel.testing.import_scan import imported_names

FACTORY_ARGUMENTS = {"trainer": 1, "loss_module": 1, "progress_bar": 1, "listener": 0, "state_codec": 0}
"""How many arguments the kernel calls a factory with."""


def component_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a component of any kind, for the checks of its own kind to go on from.

    :param overrides: ``path=value`` for options of its configuration that have no default.
    """
    yield from description_checks(component)
    yield Check("factory_can_be_imported_and_called", partial(_check_factory, component))
    yield Check("class_has_the_methods_of_its_kind", partial(_check_protocol, component))
    yield Check("imports_public_names_only", lambda: check_public_imports(component.factory().__module__))
    if component.descriptor.config is not None:
        yield from config_checks(component, overrides)


def description_checks(component: Component) -> Iterator[Check]:
    """Yield the checks of what is read before a component is chosen."""
    yield Check("descriptor_tells_what_it_is", partial(_check_descriptor, component))
    if component.distribution is not None:
        modules = {component.origin.partition(":")[0]}
        if component.descriptor.config is not None:
            modules.add(component.descriptor.config.partition(":")[0])
        for module in sorted(modules):
            yield Check(f"module_imports_light[{module}]", partial(_check_imports_light, module))


def _check_descriptor(component: Component) -> None:
    descriptor = component.descriptor
    expect(bool(descriptor.summary.strip()), "the summary is empty; lists show it")
    expect("\n" not in descriptor.summary, "the summary has several lines; lists show one")
    expect(
        component.distribution is None or descriptor.name == component.name,
        f"the descriptor is named {descriptor.name!r} and its entry point {component.name!r}",
    )


def _check_imports_light(module: str) -> None:
    code = "import importlib, sys; importlib.import_module(sys.argv[1]); print(*set(sys.argv[2:]) & set(sys.modules))"
    child = subprocess.run(
        [sys.executable, "-c", code, module, *HEAVY_MODULES], capture_output=True, text=True, check=False
    )
    expect(child.returncode == 0, f"importing {module} fails:\n{child.stderr[-2000:]}")
    heavy = ", ".join(sorted(child.stdout.split()))
    expect(
        not heavy,
        f"importing {module} imports {heavy}; descriptors and configurations are imported by --help, so import such "
        "modules in the factory's module only",
    )


def _check_factory(component: Component) -> None:
    factory = component.factory()
    arguments = FACTORY_ARGUMENTS.get(component.kind)
    if arguments is None:
        return
    try:
        inspect.signature(factory).bind(*range(arguments))
    except TypeError as error:
        message = (
            f"the factory of a {component.kind} is called with {arguments} positional arguments: {error}"
        )
        raise CheckFailed(message) from None


def declared_kind(name: str) -> Kind:
    """The kind *name*, as its plugin declares it."""
    rows = {row.name: row for row in read_index().rows("mlkernel.kinds")}
    kind: Kind = load_entry_point(rows[name], asked_by=f"kind {name!r}")
    return kind


def _check_protocol(component: Component) -> None:
    """Of a function, only calling it would tell."""
    protocol, factory = declared_kind(component.kind).protocol, component.factory()
    if protocol is None or not isinstance(factory, type):
        return
    asked = load_attribute(protocol, asked_by=f"protocol of the kind {component.kind!r}")
    methods = [name for name in dir(asked) if not name.startswith("_") and callable(getattr(asked, name))]
    missing = [name for name in methods if not callable(getattr(factory, name, None))]
    expect(not missing, f"{factory.__name__} lacks methods of {protocol}: {', '.join(missing)}")


def check_public_imports(module: str) -> None:
    """Expect that the package of *module* imports no private module of mlkernel."""
    private = sorted(
        f"{place} imports {name}"
        for place, name in imported_names(module)
        if name.startswith("mlkernel.") and name.split(".")[1] != "testing"
    )
    listed = "\n  ".join(private)
    expect(
        not private,
        f"only mlkernel and mlkernel.testing are public; everything beneath may change without notice:\n  {listed}",
    )
