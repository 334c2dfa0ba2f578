"""Where invitations come from."""
