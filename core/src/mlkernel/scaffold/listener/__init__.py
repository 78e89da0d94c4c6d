"""Template of a package with a listener."""
