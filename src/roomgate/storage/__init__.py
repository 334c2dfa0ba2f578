"""One writer thread with group commit, and the record kept through it."""
