"""Who may sign in, and by what: people, service accounts, web sessions, tokens."""
