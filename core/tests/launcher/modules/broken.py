"""A module that cannot be imported."""

raise LookupError("it is broken")
