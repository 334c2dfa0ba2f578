"""Runs inside the site, dials out only, and has the last word."""
