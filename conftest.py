"""What holds for the tests of all packages."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Neither a deadline nor a slow generator tells a wrong program from a machine that has much to do.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
