"""The demonstration: four real programs, one story, every line measured."""
