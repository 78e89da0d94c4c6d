"""Many requests in one file."""
