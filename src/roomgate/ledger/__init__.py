"""Pure: what the record says, and how to prove it."""
