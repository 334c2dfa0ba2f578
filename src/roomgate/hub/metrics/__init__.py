"""The hub in figures, for Prometheus: a listener of its own, on this machine alone."""
