"""Connectors as other vendors might have built them, each with what is wrong with it: targets of the exposure checks."""
