"""What is asked for and answered by a second person, and what was taken without one."""
