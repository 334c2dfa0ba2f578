"""What people reach: it decides, and never touches a device."""
