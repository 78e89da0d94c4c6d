"""REINFORCE for mlkernel."""
