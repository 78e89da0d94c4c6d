"""Functions that score an answer, for reinforcement fine-tuning."""
