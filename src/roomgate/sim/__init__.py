"""A RoomOS-like device that runs anywhere, with wire code of its own."""
