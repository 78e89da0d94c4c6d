"""The road to a provider: cache, budget, limits, retries."""
