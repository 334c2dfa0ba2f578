"""The meetings of rooms, as their sites tell them: looked at together, explained, and asked for anew. The hub keeps none."""
