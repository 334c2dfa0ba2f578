"""Pure: an invitation that somebody pasted, as the decision that a connector would make of it.

Nothing is stored, fetched or dialled. It is the very code that connectors use, so a site that runs another version
or has rules of its own may decide otherwise.
"""

from dataclasses import dataclass
from typing import Any

from roomgate.errors import BadInput
from roomgate.redact import foreign

LARGEST = 192 * 1024  # of an invitation, so that it fits into what the door lets in, as a form or as JSON
MOST_DOMAINS = 50
MOST_SHOWN = 20  # meetings of one file
_LONGEST_DOMAIN = 253


class TooMuch(BadInput):
    """This is larger than an invitation that is looked at here."""

    code = "meeting.invitation.large"
    hint = "`roomgate meeting explain FILE` takes larger ones."


@dataclass(frozen=True, slots=True)
class Device:
    """What the room's device can do, as somebody chose it. ``domains``: None is as on a site that names none."""

    registered: bool | None = None
    sip: bool = True
    h323: bool = True
    domains: frozenset[str] | None = None


def read_domains(text: str) -> frozenset[str] | None:
    """Out of a field: separated by commas, blanks or lines; nothing is None. Raises BadInput."""
    found = frozenset(word.strip().lower().rstrip(".") for word in text.replace(",", " ").split()) - {""}
    if len(found) > MOST_DOMAINS or any(len(one) > _LONGEST_DOMAIN for one in found):
        raise BadInput(f"Give at most {MOST_DOMAINS} domains.")
    return found or None


def explain(raw: bytes, device: Device) -> list[dict[str, Any]]:
    """Each event of the file as ``roomgate meeting explain --json`` prints it. Raises BadInvitation or TooMuch.

    It takes its time, so it is to be called in a thread.
    """
    # Here, so that a hub that nobody asks this starts without the calendar's libraries.
    from roomgate.meetings.understand import DeviceAbilities
    from roomgate.meetings.understand import explain as understand

    if len(raw) > LARGEST:
        raise TooMuch(f"An invitation of more than {LARGEST // 1024} KiB is not looked at here.")
    abilities = DeviceAbilities(device.sip, device.h323, device.registered, device.domains)
    return understand(raw, abilities)[:MOST_SHOWN]


def scrubbed(found: Any, most: int = 2000) -> Any:
    """With every text fit for a page: what a mail says is text of one line, whatever it holds."""
    match found:
        case str():
            return foreign(found[: most + 1], most)
        case dict():
            return {foreign(str(key), 80): scrubbed(one, most) for key, one in found.items()}
        case list():
            return [scrubbed(one, most) for one in found]
        case _:
            return found
