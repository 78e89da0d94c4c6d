"""The fault-injecting provider as tests hold it: its process, and one customer's side of it."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2
from attrs import asdict
from plugins.text.tests.faults.fault_schedule import Schedule

_SCRIPT = Path(__file__).with_name("fault_provider.py")


class ProviderProcess:
    """Runs the provider; outlives the training processes that are killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, str(_SCRIPT)], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def customer(self, name: str | None = None, **settings: Any) -> Customer:
        """A world of its own."""
        return Customer(self.url, name or f"customer-{next(self._numbers)}", **settings)


class Customer:
    """Sets faults and reads the bill; see ``Customer`` of the provider for the settings."""

    def __init__(self, url: str, name: str, **settings: Any) -> None:
        self._control = f"{url}/{name}/control"
        self.base_url = f"{url}/{name}/v1"
        self.configure(**settings)

    def configure(self, *, schedule: Schedule | dict[str, Any] | None = None, **settings: Any) -> None:
        """Set what goes wrong."""
        told = asdict(schedule) if isinstance(schedule, Schedule) else schedule or {}
        httpx2.post(self._control, json={"schedule": told, **settings}, timeout=60).raise_for_status()

    def faults(self, *faults: tuple[str, int, str], **options: Any) -> None:
        """Schedule *faults*, each an operation, the number of the request, and what happens to it."""
        requests = [{"operation": operation, "at": at, "fault": fault} for operation, at, fault in faults]
        patience = options.pop("patience", 3.0)
        self.configure(schedule={"requests": requests, **options}, reset=False, patience=patience)

    @property
    def report(self) -> dict[str, Any]:
        """The bill."""
        report: dict[str, Any] = httpx2.get(self._control, timeout=60).json()
        return report
