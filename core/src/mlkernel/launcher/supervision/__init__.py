"""The supervisor of a job, a program of its own; nothing here imports anything else of mlkernel.

A job shall cost no more than the start of an interpreter without a single package. So these modules import each other
relatively, for they are also found without mlkernel; they use the ``os`` and ``signal`` of the system where pathlib and
enums would cost more than all the rest; and what they write holds numbers and fixed words, which need no encoder
(:mod:`mlkernel.launcher.outcome` makes sentences of it).
"""
