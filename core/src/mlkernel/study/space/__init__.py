"""The search space: one meaning of every dimension, several ways of writing it."""
