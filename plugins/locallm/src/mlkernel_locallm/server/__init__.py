"""The OpenAI interface of the embedded model."""
