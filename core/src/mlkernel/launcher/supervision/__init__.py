"""The supervisor of a job, a program of its own or a fork of one; nothing here imports anything else of mlkernel.

A job shall cost no more than the start of an interpreter without a single package, and one that is forked not even that
(:mod:`mlkernel.launcher.supervision.server`). So these modules import each other relatively, for they are also found
without mlkernel; those of the supervisor use the ``os`` and ``signal`` of the system where pathlib and enums would cost
more than all the rest; and what it writes holds numbers and fixed words, which need no encoder
(:mod:`mlkernel.launcher.outcome` makes sentences of it).
"""
