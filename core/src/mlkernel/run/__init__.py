"""A run, from its plan to its last status. Start reading at :mod:`mlkernel.run.session`."""
