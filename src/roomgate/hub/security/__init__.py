"""How a room's device is guarded, and what it has to tell of itself."""
