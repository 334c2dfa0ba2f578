"""The link's one version: a whole number, bumped whenever meaning changes.

1  2026-11-24  first: hello, heartbeat, signed orders and renewals, cut, state, feedback, ledger entries
2  2026-11-26  tunnels: their frames and their ends, both ways
"""

VERSION = 2
