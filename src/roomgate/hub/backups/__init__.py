"""Backups of rooms: asked of the site that keeps them, compared with a room, and restored to one."""
