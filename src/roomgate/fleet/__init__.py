"""What rooms should have: documents, layers, differences and waves. Pure; the hub applies, one ask for each step."""
