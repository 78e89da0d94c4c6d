"""The progress of a run, shown by tqdm."""
