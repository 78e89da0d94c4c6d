"""Studies: many runs of one trainer, and what decides which to make next."""
