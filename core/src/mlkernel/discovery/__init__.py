"""Finding plugins: an index of entry points that is read without importing any of them, and the loading of a chosen one."""
