"""The cut on simulated time: the real hub and connector cores in one process, on one clock and wires in memory.

What is real: identity, grants, rooms, sites, restoration, relay, gateway, streams, the link's both ends, lease book,
the connector's judgement, consent and effects. What stands in: time (`loop`), disks (`database`), the bytes' way
(`wires`, without TLS), devices (`site`). Nothing here waits for anything but the clock that it winds itself.
"""
