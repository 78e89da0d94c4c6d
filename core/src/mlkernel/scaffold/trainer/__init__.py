"""Template of a package with a trainer that already learns."""
