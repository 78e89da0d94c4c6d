"""The engine of studies: one process that asks, hands out, hears and decides."""
