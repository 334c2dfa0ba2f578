"""From an invitation to a join button."""
