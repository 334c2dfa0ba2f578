"""The link's one version: a whole number, bumped whenever meaning changes.

1  2026-11-24  first: hello, heartbeat, signed orders and renewals, cut, state, feedback, ledger entries
2  2026-11-26  tunnels: their frames and their ends, both ways
3  2026-11-26  upkeep: certificates that end, calls that failed; heartbeats say how long their answer took
"""

VERSION = 3
