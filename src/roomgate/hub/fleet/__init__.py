"""Plans: what many rooms should have, planned, applied in waves, halted and gone on with."""
