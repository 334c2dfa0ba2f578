"""Status of one room: what its device tells, in words and plots."""
