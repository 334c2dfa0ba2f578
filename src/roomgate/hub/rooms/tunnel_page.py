"""The page about a device's own page: whose certificate it shows, how it is opened, who has it open. It shows none of it.

The console never frames or fetches a device's page: whoever wants it opens a tunnel with the command line.
"""

from dataclasses import dataclass
from typing import Any

from litestar import get
from litestar.params import FromPath

from roomgate.access.capability import Capability
from roomgate.errors import RoomgateError
from roomgate.hub.channels import Kind
from roomgate.hub.console.inside import living, show
from roomgate.hub.console.visit import Page, Relayed, Visit, Visiting
from roomgate.hub.http.asking import Hub
from roomgate.hub.parts import Parts
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.seen import Seen, ask_room, room_context, see_room, told_of_room
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import XapiError

READ_WITHIN_S = 3.0
GROUP = 4  # digits of a fingerprint that stand together


@dataclass(frozen=True, slots=True)
class Identity:
    """How the site knows the device, or why that is not told. ``by``: pin, or ca."""

    fingerprint: str = ""
    by: str = ""
    why_not: str = ""


@get("/rooms/{name:str}/page", include_in_schema=False)
async def show_tunnel(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    seen = await see_room(visit, parts, relay, name)
    inside = show([one for one in living(relay.book, seen.summary.id) if one.kind is Kind.TUNNEL], visit.signed)
    return visit.page(
        "room_tunnel.html",
        identity=await _identity(visit, parts, relay, seen),
        command=f"roomgate room tunnel {seen.summary.name}",
        inside=inside,
        **await room_context(visit, parts, relay, seen),
    )


async def _identity(visit: Visit, parts: Parts, relay: RelayParts, seen: Seen) -> Identity:
    if Capability.WEB not in seen.capabilities:
        return Identity(why_not=visit.t("page.no-right"))
    if not parts.rooms.linked(seen.summary.connector):
        return Identity(why_not=visit.t("page.away"))
    try:
        told = await ask_room(visit, relay, seen, Wish(Verb.COMMAND, "Roomgate.Tunnel.Get"), READ_WITHIN_S)
    except (RoomgateError, XapiError) as no:
        told_why = told_of_room(visit, no)
        return Identity(why_not=visit.t.said(getattr(told_why, "message", "")) or visit.t("page.away"))
    return read_identity(told)


def read_identity(told: Any) -> Identity:
    """Pure: a connector's answer; what is none gives no fingerprint."""
    facts = told if isinstance(told, dict) else {}
    digits, by = str(facts.get("Fingerprint", "")), facts.get("By")
    if len(digits) != 64 or not digits.isalnum():
        return Identity()
    grouped = " ".join(digits[at : at + GROUP] for at in range(0, len(digits), GROUP))
    return Identity(grouped, "ca" if by == "ca" else "pin")


ROUTES = [show_tunnel]
