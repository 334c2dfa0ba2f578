"""The wires: thin shells that move frames."""
