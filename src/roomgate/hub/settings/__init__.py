"""The settings of one room: read, changed several at a time, taken back, and who changed what when."""
