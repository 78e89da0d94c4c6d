"""Trial schedulers: which trials of a study train on, and which end early."""
