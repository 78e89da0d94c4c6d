"""This package's commands of the kernel."""
