"""What the connector itself does for a room: the commands below ``Roomgate``, each with its deed.

A deed is called where a device would be: after the never-list, the policy, the caps, the room's consent, the
durable "about to" and the last look at the lease. What it raises as an XapiError is told like a device's no.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from roomgate.access.capability import Classes, Words
from roomgate.access.offered import offered
from roomgate.connector.room import Room
from roomgate.connector.site_policy import Circumstances, PolicyRefused, SitePolicy
from roomgate.link.order import Order
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import BadArgument, CommandFailed, XapiError
from roomgate.xapi.path import Path

MOST_JUDGED = 2000  # calls in one question


@dataclass(frozen=True, slots=True)
class Deed:
    """One command of ours on its way: who asked for what, where, and what the site's policy is now."""

    order: Order
    room: Room
    call: Call
    about: Circumstances
    policy: SitePolicy

    def readable(self, path: Path) -> bool:
        """Whether a leaf of the device may go into the answer: hub and site must both allow its class."""
        found = Classes.shipped().told(path, offered())
        return found is not None and found.value in self.order.held and self.allows(Call(Verb.GET, path))

    def allows(self, call: Call) -> bool:
        """Whether the site's policy lets this person do a call in this room without asking anybody."""
        return self.verdict(call)["verdict"] == "allowed"

    def verdict(self, call: Call) -> dict[str, str]:
        """``verdict``: allowed, consent (the room will be asked) or refused, with its rule and a sentence."""
        try:
            leave = self.policy.judge(call, self.about, offered())
        except PolicyRefused as no:
            return {"verdict": "refused", "rule": no.rule, "words": no.message}
        return {"verdict": "consent" if leave.needs_consent else "allowed", "rule": "", "words": ""}


Do = Callable[[Deed], Awaitable[Any]]


class OwnCommands:
    """The deeds by their commands; one that has none here is refused like a command that a device lacks."""

    def __init__(self, deeds: Mapping[str, Do]) -> None:
        """``deeds``: by the command's words below ``Roomgate``, such as ``Backup Make``."""
        self._deeds: dict[Words, Do] = {tuple(name.split()): do for name, do in deeds.items()}

    async def do(self, deed: Deed) -> Any:
        """Raises XapiError. Cancelling may leave it half done only where the deed's own words say so."""
        found = self._deeds.get(deed.call.path.words[1:])
        if found is None:
            raise CommandFailed(f"This connector does not offer {deed.call.path}.")
        return await found(deed)


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One call of which somebody wants to know beforehand whether this site would allow it."""

    verb: str  # get, set or command
    path: str
    arguments: dict[str, str | int | list[str | int]] = {}


_asked = msgspec.json.Decoder(list[Asked])


async def judge_beforehand(deed: Deed) -> Any:
    """``Allowed Get``: what the site's policy says to a list of calls, in their order; nothing is done or counted.

    The body is JSON, ``[{"verb", "path", "arguments"}]``; the answer ``{"Verdicts": [{"verdict", "rule", "words"}]}``.
    A call that is not understood is refused in its place; raises BadArgument for a body that is none.
    """
    try:
        calls = _asked.decode(deed.call.body or "[]")
    except (msgspec.MsgspecError, RecursionError) as bad:
        raise BadArgument(f"The calls to be judged cannot be read: {bad}"[:300]) from bad
    if len(calls) > MOST_JUDGED:
        raise BadArgument(f"At most {MOST_JUDGED} calls are judged at once.")
    return {"Verdicts": [_verdict(deed, one) for one in calls]}


def _verdict(deed: Deed, one: Asked) -> dict[str, str]:
    try:
        arguments = {name: tuple(v) if isinstance(v, list) else v for name, v in one.arguments.items()}
        call = offered().canonical(Verb(one.verb), one.path, arguments)
    except (XapiError, ValueError) as bad:
        return {"verdict": "refused", "rule": "unknown", "words": str(bad)[:300]}
    return deed.verdict(call)
