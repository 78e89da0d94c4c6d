"""What lies between a request's bytes and the code that answers it."""
