"""Deliberately wrong programs that checks are tried on. Never run one where a real device can be reached."""
