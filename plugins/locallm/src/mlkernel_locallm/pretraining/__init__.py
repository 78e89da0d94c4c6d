"""Making base models from the demonstrations of a scenario."""
