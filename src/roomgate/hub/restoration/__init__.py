"""After a restoration: what stays paused until an administrator confirms it."""
