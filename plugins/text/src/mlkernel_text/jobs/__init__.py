"""Fine-tune jobs: their life, kept on disk."""
