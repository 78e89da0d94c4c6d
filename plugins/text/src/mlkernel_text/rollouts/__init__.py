"""Episodes: sampling them, keeping them, reading them as arrays."""
