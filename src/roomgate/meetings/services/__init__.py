"""One file per meeting service: how it is recognised and how it is joined, as data (`roomgate.meetings.rules`)."""
