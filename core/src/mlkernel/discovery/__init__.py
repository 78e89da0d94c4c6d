"""Finding plugins by an index of entry points, read without importing any of them, and loading the chosen one."""
