"""The link's one version: a whole number, bumped whenever meaning changes.

1  2026-11-24  first: hello, heartbeat, signed orders and renewals, cut, state, feedback, ledger entries
"""

VERSION = 1
