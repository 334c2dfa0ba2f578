"""The console: pages for people, rendered on the server, working without script except for what is live."""
