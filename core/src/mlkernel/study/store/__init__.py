"""Where studies keep their state: SQLite, or PostgreSQL for workers on several machines."""
