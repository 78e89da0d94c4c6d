"""A small language model that needs no key and no network, and truly learns."""
