"""What a run leaves on disk while it goes, apart from its checkpoints."""
