"""Language-model agents behind an API, trained for real."""
