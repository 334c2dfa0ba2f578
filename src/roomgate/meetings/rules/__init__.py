"""Recognition rules as data: the format of a pack, its check, and its way from evidence to ways in."""
