"""A room's own phone book: looked into, kept up, and carried from room to room as a table."""
