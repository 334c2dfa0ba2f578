"""Looks that several checks share."""
