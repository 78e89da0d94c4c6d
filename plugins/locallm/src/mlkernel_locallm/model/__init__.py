"""The network, its text codec and its files."""
