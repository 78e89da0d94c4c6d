"""The ``kernel`` command: one module per command, imported when that command is typed."""
