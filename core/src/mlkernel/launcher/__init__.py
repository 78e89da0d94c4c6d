"""Launchers: where commands run, and how it is known what became of them."""
