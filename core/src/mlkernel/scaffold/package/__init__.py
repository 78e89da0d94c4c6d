"""Template of what every package has: metadata, licence, descriptor."""
