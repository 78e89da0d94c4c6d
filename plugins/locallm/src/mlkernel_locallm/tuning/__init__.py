"""Training a model on rows: demonstrations, preferences, advantages, graded answers."""
