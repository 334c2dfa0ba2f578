"""What a room's device is programmed with: macros and panels, kept in versions, checked, drawn."""
