"""Figures for Prometheus, in any program: what durations are counted in, and the listener for scrapes."""
