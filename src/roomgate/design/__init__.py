"""The look that the console and the simulator's screens share."""
