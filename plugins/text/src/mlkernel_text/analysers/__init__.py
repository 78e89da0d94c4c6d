"""Post-hoc questions about stored rollouts."""
