"""All devices in one list: what they are and how they are, filters kept as views, tags by file."""
