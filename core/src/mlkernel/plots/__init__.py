"""Pictures of what runs logged."""
