"""Live links: a Permit goes in, an Outcome comes out; sessions, their leases, and the cut."""
