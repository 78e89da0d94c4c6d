"""Chat completions: from a request's body to the engine and back."""
