"""The checks, a file each: how it looks, how it judges, and what it says of itself."""
