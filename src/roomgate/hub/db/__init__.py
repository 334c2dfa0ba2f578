"""The hub's tables and their migrations."""
