"""What differs between software releases, and what nobody outside could establish: one switch each.

The recorded facts leave some answers open (`xGet` on an empty list, whether a result carries ``status``,
the sentences of errors). A profile is one consistent reading of them, so that a client is tried on several.
"""

from dataclasses import dataclass

from roomgate.errors import BadInput


@dataclass(frozen=True, slots=True)
class Profile:
    """One release as the simulator plays it. Times in seconds, rates in requests per second."""

    name: str
    release: str
    released: str
    status_field: bool  # whether a result with data carries "status" as well
    empty_is_error: bool  # whether reading what is absent is an error, or an empty list or object
    no_match: str
    unknown_command: str
    denied: str
    connect_s: float = 0.15  # Dialling to Connected
    # A device handles one Basic-authenticated request a second and queues 30 (release notes 10, 11, 26).
    # The default here is a real limit, but one that a test suite does not live under.
    upgrade_rate: float = 50.0
    upgrade_queue: int = 200
    subscriptions: int = 50  # for each connection (reference guides 11.x; 38 in 9.14)


PROFILES = {
    "2019": Profile(
        name="2019",
        release="ce9.7.1.9f0b5a1c2d3",
        released="2019-06-12",
        status_field=False,
        empty_is_error=True,
        no_match="No match on Path argument",
        unknown_command="Method not found.",
        denied="Permission denied",
        subscriptions=38,
    ),
    "11": Profile(
        name="11",
        release="ce11.20.2.5.1a2b3c4d5e6",
        released="2024-09-18",
        status_field=True,
        empty_is_error=True,
        no_match="No match on Path argument",
        unknown_command="Unknown command",
        denied="Permission denied",
    ),
    "26": Profile(
        name="26",
        release="ce26.4.1.3.0123456789a",
        released="2026-03-10",
        status_field=True,
        empty_is_error=False,
        no_match="No match on Path argument",
        unknown_command="Unknown command",
        denied="Permission denied",
    ),
}


def get_profile(name: str) -> Profile:
    """The profile of that name; raises BadInput for another."""
    try:
        return PROFILES[name]
    except KeyError:
        raise BadInput(f"no profile {name!r}; there are {', '.join(PROFILES)}") from None
