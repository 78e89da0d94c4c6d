"""Template of a package with a progress bar."""
