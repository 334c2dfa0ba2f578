"""What may be seen of how a device is guarded: every part asked at once, each by an ask of its own.

A part that grant or site refuses is told as that, in its place; one that does not answer is told as late. None waits
for another, and none of them fails the whole.
"""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roomgate.access.capability import Classes
from roomgate.access.decision import Denied
from roomgate.access.principal import Principal
from roomgate.errors import RoomgateError, Unreachable
from roomgate.hub.channels import Session
from roomgate.hub.relay.asked import Answer, Wish
from roomgate.hub.relay.http import raise_unless_done
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.security import advice, reading
from roomgate.hub.security.advice import Finding
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import XapiError

PART_S = 6.0
BUNDLE_S = 40.0
SHOW = {"Format": "PEM", "FingerprintAlgorithm": "SHA-256"}

ASKS: Mapping[str, Wish] = {
    "accounts": Wish(Verb.COMMAND, "Roomgate.Accounts.List"),
    "settings": Wish(Verb.GET, "Configuration"),
    "sessions": Wish(Verb.COMMAND, "Security.Session.List"),
    "users": Wish(Verb.COMMAND, "UserManagement.User.List"),
    "certificates": Wish(Verb.COMMAND, "Security.Certificates.Services.Show", SHOW),
    "authorities": Wish(Verb.COMMAND, "Security.Certificates.CA.Show", {"Format": "PEM"}),
    "ciphers": Wish(Verb.COMMAND, "Security.Ciphers.List"),
    "listeners": Wish(Verb.GET, "Status/HttpFeedback"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part. ``outcome``: done, refused, failed or late; ``opens``: the line that opens it in the site's policy."""

    outcome: str
    result: Any = None
    rule: str = ""
    words: str = ""
    opens: str = ""

    @property
    def done(self) -> bool:
        return self.outcome == "done"


@dataclass(frozen=True, slots=True)
class Looked:
    """A room's device, as far as it may be seen; None is what could not be read."""

    parts: Mapping[str, Part]
    sessions: list[reading.SessionRow] | None
    users: list[reading.UserRow] | None
    certificates: list[reading.CertificateRow] | None
    authorities: list[reading.CertificateRow] | None
    ciphers: list[str] | None
    slots: list[reading.SlotRow] | None
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A room's logs, as their site gave them: read once, kept nowhere."""

    name: str
    content: bytes


async def ask_part(
    relay: RelayParts, principal: Principal, room: str, wish: Wish, *, session: Session | None = None
) -> Part:
    """One ask that fails as a part, never as an error."""
    try:
        answer = await relay.relay.ask(principal, room, wish, session=session, wait_s=PART_S)
    except Denied as no:
        return Part("refused", None, no.rule, no.message)
    except (RoomgateError, XapiError) as fault:
        return Part("failed", None, fault.code, fault.message)
    return part_of(answer, opens(relay, wish))


def part_of(answer: Answer, line: str = "") -> Part:
    match answer.outcome:
        case "done":
            return Part("done", answer.result)
        case "waiting":
            return Part("late", None, "late", "The room has not answered yet.")
        case "refused":
            return Part("refused", None, answer.rule, answer.words, line if answer.rule == "never" else "")
        case _:
            return Part("failed", None, answer.rule, answer.words)


def opens(relay: RelayParts, wish: Wish) -> str:
    """The line of a site's policy that lets a call of the never-list through."""
    entry = Classes.shipped().never(wish.call(relay.relay.catalogue))
    return f'open = ["{" ".join(entry)}"]' if entry else ""


async def look(
    relay: RelayParts, principal: Principal, room: str, now: datetime, *, session: Session | None = None
) -> Looked:
    """Raises Denied where they may do nothing in this room: then it is as if there were none."""
    await relay.relay.require_room(principal, room)
    async with asyncio.TaskGroup() as group:
        tasks = {
            key: group.create_task(ask_part(relay, principal, room, wish, session=session), name=f"security.{key}")
            for key, wish in ASKS.items()
        }
    return read({key: task.result() for key, task in tasks.items()}, now)


def read(parts: Mapping[str, Part], now: datetime) -> Looked:
    """Pure: the parts as rows, and what they say together."""
    got = {key: part.result for key, part in parts.items() if part.done}
    ours = reading.read_accounts(got.get("accounts"))
    users = reading.read_users(got["users"], ours) if "users" in got else None
    certificates = reading.read_certificates(got["certificates"], now) if "certificates" in got else None
    ciphers = reading.read_ciphers(got["ciphers"]) if "ciphers" in got else None
    slots = reading.read_slots(got["listeners"]) if "listeners" in got else None
    findings = advice.sorted_findings(
        [
            *advice.judge_settings(got.get("settings")),
            *advice.judge_users(users),
            *advice.judge_certificates(certificates),
            *advice.judge_ciphers(ciphers),
            *advice.judge_slots(slots),
        ]
    )
    return Looked(
        parts,
        reading.read_sessions(got["sessions"], ours) if "sessions" in got else None,
        users,
        certificates,
        reading.read_certificates(got["authorities"], now) if "authorities" in got else None,
        ciphers,
        slots,
        findings,
    )


async def calls(
    relay: RelayParts, principal: Principal, room: str, only: str, limit: int, *, session: Session | None = None
) -> Part:
    """The room's call history; ``only`` is one of the device's own filters. The result is rows."""
    arguments = {"DetailLevel": "Full", "Filter": only, "Limit": limit}
    wish = Wish(Verb.COMMAND, "CallHistory.Get", arguments)
    part = await ask_part(relay, principal, room, wish, session=session)
    return Part("done", reading.read_calls(part.result)) if part.done else part


async def collect(
    relay: RelayParts, principal: Principal, room: str, now: datetime, *, session: Session | None = None
) -> Bundle:
    """Have the site collect the room's logs. Raises as `Relay.ask` and `raise_unless_done`; Unreachable if late."""
    wish = Wish(Verb.COMMAND, "Roomgate.Logs.Collect")
    answer = await relay.relay.ask(principal, room, wish, session=session, wait_s=BUNDLE_S)
    relay.relay.let_go(answer.ask)
    raise_unless_done(answer)
    if answer.outcome == "waiting":
        raise Unreachable("The site is still collecting. Ask again in a moment.")
    return read_bundle(answer.result, room, now)


def read_bundle(result: Any, room: str, now: datetime) -> Bundle:
    """Raises Unreachable for an answer that is no bundle, or not the one that its hash is of."""
    try:
        content = base64.b64decode(result["Bundle"], validate=True)
        if hashlib.sha256(content).hexdigest() != result["Sha256"]:
            raise ValueError("the hash is of something else")
        safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in room)
        return Bundle(f"{safe}-logs-{now:%Y%m%dT%H%M%SZ}.zip", content)
    except (binascii.Error, KeyError, TypeError, ValueError) as bad:
        raise Unreachable("The site's answer is no bundle of logs.") from bad
