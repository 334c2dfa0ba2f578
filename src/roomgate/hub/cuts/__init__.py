"""How fast access ended, each time that it did."""
