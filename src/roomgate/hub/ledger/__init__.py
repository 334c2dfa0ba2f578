"""The hub's record, the copies of the connectors' records, and their reconciliation."""
