"""A client library for the xAPI of RoomOS devices; imports nothing else of ours."""
