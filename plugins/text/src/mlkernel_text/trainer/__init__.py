"""The base class of pure-text trainers."""
