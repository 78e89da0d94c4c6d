"""Search algorithms for mlkernel's studies."""
