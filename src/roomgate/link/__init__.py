"""The hub-connector conversation, without I/O."""
