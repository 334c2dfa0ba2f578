"""Why a room's list is as it is: from what the device is and what it said, to a word and what to do about it. Pure.

Facts from the xAPI schema and the release notes: ``Bookings Put`` is the Admin's alone, and is not there while a device
runs as a Microsoft Teams Room. Since which software it is there, how it is with a Zoom Room, and which words a device
says no with in each case, is not established: so the device's own state is believed, and its words only shown.
"""

from dataclasses import dataclass
from enum import StrEnum

from roomgate.redact import foreign
from roomgate.xapi.errors import (
    AuthenticationFailed,
    DeviceGone,
    DeviceUnreachable,
    PermissionDenied,
    RateLimited,
    UnknownPath,
    XapiError,
)


class Code(StrEnum):
    OK = "ok"
    UNTRIED = "untried"
    AWAY = "away"  # no connection to the device
    NO_ACCOUNT = "no-account"  # the vault has no password for the privileged account
    NO_RIGHT = "no-right"  # the privileged account is no administrator of the device
    REFUSED = "refused"  # the device no longer lets the privileged account in
    OLD_SOFTWARE = "old-software"
    TEAMS_ROOM = "teams-room"
    ZOOM_ROOM = "zoom-room"
    OTHER_CALENDAR = "other-calendar"  # somebody else keeps this device's list as well
    BUSY = "busy"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BookingsState:
    """``words``: what is, and what to do, in a sentence or two; no meeting's content."""

    code: Code
    words: str

    @property
    def fine(self) -> bool:
        return self.code in (Code.OK, Code.UNTRIED)


UNTRIED = BookingsState(Code.UNTRIED, "The list has not been put on this device yet.")
OK = BookingsState(Code.OK, "")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a device tells of itself; "" where it does not."""

    version: str = ""  # Status SystemUnit Software Version
    teams_app: str = ""  # Status MicrosoftTeams Software Version TeamsApp
    teams_signed_in: str = ""  # Status MicrosoftTeams User SignedIn
    zoom_app: str = ""  # Status Zoom AppExperience State
    webex: str = ""  # Status Webex Status
    account: bool = True  # the vault holds the privileged account's password


def judge_put(facts: Facts, fault: XapiError, said: str) -> BookingsState:
    """Why a put failed. ``said`` are the device's words, without any meeting's content. What the device is comes first: its words for a mode that lacks the command vary."""
    if not facts.account:
        return BookingsState(
            Code.NO_ACCOUNT,
            "The connector has no password for this device's privileged account, and only an administrator may put "
            "bookings. Put it into the vault: `roomgate connector vault put ROOM ACCOUNT`.",
        )
    if isinstance(fault, AuthenticationFailed):
        return BookingsState(
            Code.REFUSED,
            "The device no longer lets the privileged account in. Put its present password into the vault, then "
            "`roomgate connector confirm ROOM`.",
        )
    if isinstance(fault, DeviceUnreachable | DeviceGone):
        return BookingsState(Code.AWAY, "The device cannot be reached; its list is put when it is back.")
    if isinstance(fault, RateLimited):
        return BookingsState(Code.BUSY, "The device asks for fewer requests; its list is put a little later.")
    if facts.teams_app or facts.teams_signed_in == "True":
        return BookingsState(
            Code.TEAMS_ROOM,
            "The device runs as a Microsoft Teams Room, which takes its meetings from its own mailbox and offers no "
            "booking list. Show meetings there, or run the device as a RoomOS device.",
        )
    if facts.zoom_app == "Active":
        return BookingsState(
            Code.ZOOM_ROOM,
            "The device runs as a Zoom Room, which takes its meetings from Zoom and offers no booking list. Show "
            "meetings there, or run the device as a RoomOS device.",
        )
    if isinstance(fault, PermissionDenied):
        return BookingsState(
            Code.NO_RIGHT,
            "The privileged account is no administrator of this device, and only an administrator may put bookings. "
            "Give it the role Admin, or name another account in the devices file.",
        )
    if isinstance(fault, UnknownPath):
        software = f" ({foreign(facts.version, 60)})" if facts.version else ""
        return BookingsState(
            Code.OLD_SOFTWARE,
            f"The device's software{software} does not know Bookings Put. Upgrade it.",
        )
    return BookingsState(Code.FAILED, f"The device did not take the list: {foreign(said, 200)}")


def judge_shown(facts: Facts, foreign_bookings: int) -> BookingsState:
    """How it is when the list could be put. ``foreign_bookings``: those of others that came back again and again."""
    if foreign_bookings and facts.webex == "Registered":
        return BookingsState(
            Code.OTHER_CALENDAR,
            f"{foreign_bookings} bookings on this device came from elsewhere: it is registered with Webex, whose "
            "hybrid calendar may keep its list as well. Let one of the two keep it.",
        )
    return OK
