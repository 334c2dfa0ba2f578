"""Rooms as connectors tell of them, and their live state."""
