"""The hub's own roles, beside the shipped ones."""
