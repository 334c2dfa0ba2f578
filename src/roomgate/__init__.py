"""Roomgate: reach the meeting rooms behind your firewall, and be shut out of them in a second."""

__version__ = "0.1.0"
