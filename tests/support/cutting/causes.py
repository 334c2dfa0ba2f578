"""Every cause of a cut: how it comes about, and what has to fall, what may come back, and what must stay.

A cause without a route of its own here is driven through the change that its route will make: one line to swap.
`Fate` is of what a person holds open; `ends`, `lost` and `paused` are of their sign-ins, tokens and grants, after
the table "What falls with what" of docs/architecture.md.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from roomgate.access.capability import Capability
from roomgate.connector.room import RoomCondition
from roomgate.hub.identity import store as identity_store
from roomgate.hub.identity.scim.kept import PersonWish
from roomgate.hub.parts import Parts
from roomgate.hub.revocation import Cause as Word
from roomgate.hub.revocation import SubjectKind
from roomgate.ids import PersonId, WebSessionId
from roomgate.redact import Secret
from support.cutting.clients import Client, RoomPage, RoomsPage
from support.cutting.site import SHUT
from support.cutting.world import World
from support.hub import PASSWORD

Act = Callable[[World], Awaitable[object]]
CREDENTIALS = ("web1", "web2", "tok1", "tok2")
ALL = frozenset(f"{who}.{by}" for who in ("mia", "bob") for by in CREDENTIALS)
MIA = frozenset(f"mia.{by}" for by in CREDENTIALS)
GRANTS = frozenset(f"{who}.{room}" for who in ("mia", "bob") for room in ("oslo", "rome"))
NEW = "five quite different words here"


class Fate(Enum):
    FALLS = "falls"  # and nothing of it comes back
    CLOSED = "closed"  # and it may come back, judged anew
    STAYS = "stays"
    TOLD = "falls once the hub is told"


@dataclass(frozen=True, slots=True)
class Cause:
    name: str
    act: Act
    fate: Callable[[Client], Fate]
    ends: frozenset[str] = frozenset()  # sign-ins and tokens
    lost: frozenset[str] = frozenset()  # grants that have ended
    paused: frozenset[str] = frozenset()  # grants that wait for somebody's confirmation
    prepare: Act | None = None
    at_site: bool = False  # it begins there: the hub hears of it over the link
    silenced: bool = False  # commands are refused from then on, whatever else goes on
    answered: bool = False  # a new cookie comes with the answer: who gets none has lost their sign-in
    at_hello: "Cause | None" = None  # what it is where the connector links anew
    lifted: Act | None = None  # undone as far as it can be: what fell must stay fallen


def _parts(world: World) -> Parts:
    assert world.hub is not None
    return world.hub.parts


def page(client: Client) -> bool:
    return isinstance(client, RoomPage)


def fate(
    falls: Callable[[Client], bool], closes: Callable[[Client], bool] = lambda c: False
) -> Callable[[Client], Fate]:
    return lambda c: Fate.FALLS if falls(c) else Fate.CLOSED if closes(c) else Fate.STAYS


def of(who: str, room: str | None = None, by: str | None = None) -> Callable[[Client], bool]:
    """The clients of one person, in one room and by one credential if said; the list of rooms is in no room."""

    def test(c: Client) -> bool:
        if room is not None and isinstance(c, RoomsPage):
            return False
        return c.who == who and room in (None, c.room) and by in (None, c.by)

    return test


def of_credential(name: str) -> Callable[[Client], bool]:
    who, by = name.split(".")
    return of(who, by=by)


def in_room(*rooms: str) -> Callable[[Client], bool]:
    return lambda c: c.room in rooms and not isinstance(c, RoomsPage)


def drawn_anew(who: str) -> Callable[[Client], bool]:
    """The pages of somebody whose grants changed."""
    return lambda c: c.who == who and page(c)


# -- the acts -------------------------------------------------------------------------------------------


async def end_grant(world: World) -> None:
    await _parts(world).grants.end(world.made.grants["mia.oslo"], await world.admin())


async def shorten_grant(world: World) -> None:
    parts = _parts(world)
    until = world.clock.now() + timedelta(seconds=4.0)
    await parts.grants.narrow(world.made.grants["mia.oslo"], await world.admin(), until=until)
    world.due = world.now + 4.0


async def wait_for_end(world: World) -> None:
    """It ends by itself, hub or no hub."""
    await asyncio.sleep(max(0.0, world.due - world.now))


async def narrow_grant(world: World) -> None:
    less = frozenset({Capability("av-control")})
    await _parts(world).grants.narrow(world.made.grants["mia.oslo"], await world.admin(), capabilities=less)


async def disable(world: World) -> None:
    await _parts(world).identity.set_active("mia", False, await world.admin())


async def enable(world: World) -> None:
    await _parts(world).identity.set_active("mia", True, await world.admin())


async def delete(world: World) -> None:
    await _parts(world).identity.delete("mia", await world.admin())


async def deprovision(world: World) -> None:
    parts = _parts(world)
    directory = await parts.identity.by_token(world.made.tokens["directory"])
    assert directory is not None
    await parts.directories.change_person(
        world.made.ids["mia"], lambda known: PersonWish(known.name, active=False), directory
    )


async def own_password(world: World) -> None:
    parts = _parts(world)
    me = await parts.identity.by_cookie(world.cookies["mia.web1"])
    assert me is not None
    _, fresh = await parts.identity.set_password("mia", NEW, me, present=PASSWORD)
    assert fresh is not None
    world.cookies["mia.web1"] = fresh.reveal()


async def reset_password(world: World) -> None:
    await _parts(world).identity.set_password("mia", NEW, await world.admin())


async def own_factor(world: World) -> None:
    """As when a passkey is added: that takes a sign-in of the last minutes, so here it is the change alone."""
    parts, mia = _parts(world), PersonId(world.made.ids["mia"])
    fresh, spared = Secret("a fresh cookie of the one that changed it"), WebSessionId(world.made.ids["mia.web1"])
    await parts.changes.write(
        lambda change: parts.identity.cut_credentials(
            change, mia, Word.FACTOR_CHANGED, mia, "A passkey was added.", spared, fresh
        )
    )
    world.cookies["mia.web1"] = fresh.reveal()


async def reset_factors(world: World) -> None:
    await _parts(world).factors.reset("mia", await world.admin())


def change_roles(who: str, *roles: str) -> Act:
    async def act(world: World) -> None:
        await _parts(world).identity.change_roles(who, frozenset(roles), await world.admin())

    return act


async def sign_out(world: World) -> None:
    mia = PersonId(world.made.ids["mia"])
    await _parts(world).identity.end_web_session(world.made.ids["mia.web1"], mia, "signed out")


async def provider_signs_out(world: World) -> None:
    parts, web = _parts(world), world.made.ids["mia.web2"]

    def unit(change: Any) -> None:
        if identity_store.end_web(change.conn, web, Word.PROVIDER_SIGNED_OUT) is not None:
            change.revoke(
                Word.PROVIDER_SIGNED_OUT, SubjectKind.CREDENTIAL, web, by=None, reason="The provider signed out."
            )

    await parts.changes.write(unit)


async def end_token(world: World) -> None:
    await _parts(world).identity.end_token(world.made.ids["mia.tok1"], await world.admin())


async def shorten_token(world: World) -> None:
    """Tokens are not shortened: another one takes its place, with a near end."""
    _, text = await _parts(world).identity.make_token("mia", 4.0 / 60, "short", await world.admin())
    world.tokens["mia.tok1"] = text.reveal()
    world.due = world.now + 4.0


def lock(kind: str, subject: str) -> Act:
    async def act(world: World) -> None:
        id = world.made.ids.get(subject, subject)
        world.locked = (await _parts(world).grants.lock(kind, id, "test", await world.admin())).lock.id

    return act


async def lift(world: World) -> None:
    await _parts(world).grants.lift(world.locked, await world.admin())


async def lock_session(world: World) -> None:
    world.locked = (await _parts(world).grants.lock("session", _session(world), "test", await world.admin())).lock.id


async def end_session(world: World) -> None:
    assert world.hub is not None
    id = _session(world)
    await world.hub.relay.changes.write(
        lambda change: change.revoke(
            Word.SESSION_ENDED, SubjectKind.SESSION, id, by=None, reason="The session was ended."
        )
    )


def _session(world: World) -> str:
    """The one that mia's socket in oslo is."""
    assert world.hub is not None
    token = world.made.ids["mia.tok1"]
    return next(
        s.id for s in world.hub.relay.book
        if s.kind.value == "xapi" and s.principal.credential == token and s.room.name == "oslo"
    )  # fmt: skip


async def remove_room(world: World) -> None:
    await _parts(world).rooms.remove("oslo", await world.admin())


async def take_out_room(world: World) -> None:
    """The site's file names it no more; what the fleet does then."""
    running = world.site.running
    assert running is not None
    line = running.fleet.lines[world.device("oslo").device]
    world.site.devices = {name: device for name, device in world.site.devices.items() if name != "oslo"}
    await running.desk.on_condition(line, RoomCondition.OFFLINE, "room.removed", True)  # type: ignore[arg-type]
    running.fleet.lines.pop(line.device, None)


async def exchange_device(world: World) -> None:
    """The site's file names another device for the room; what the fleet does then."""
    running = world.site.running
    assert running is not None
    line = running.fleet.lines[world.device("oslo").device]
    await running.desk.on_condition(line, RoomCondition.OFFLINE, "device.changed", True)  # type: ignore[arg-type]


async def change_credential(world: World) -> None:
    await world.site.quarantine("oslo")


async def rotate_credential(world: World) -> None:
    """Rotated at the site: the room goes on with the new one, its sessions do not."""
    running = world.site.running
    assert running is not None
    line = running.fleet.lines[world.device("oslo").device]
    await running.desk.on_condition(line, RoomCondition.FINE, "device.credential-changed", True)  # type: ignore[arg-type]


async def disable_connector(world: World) -> None:
    await _parts(world).sites.disable(world.made.ids["connector"], await world.admin())


async def change_policy(world: World) -> None:
    await world.site.change_policy(SHUT)


async def disable_giver(world: World) -> None:
    await _parts(world).identity.set_active("eva", False, await world.admin())


async def delete_giver(world: World) -> None:
    await _parts(world).identity.delete("eva", await world.admin())


async def restore(world: World) -> None:
    await _parts(world).restorations.enter("backup")


# -- the table ------------------------------------------------------------------------------------------

_mia, _oslo = of("mia"), in_room("oslo")
_mia_oslo = of("mia", "oslo")
_gone = {"fate": fate(_mia), "ends": MIA, "lost": frozenset({"mia.oslo", "mia.rome"})}
_others = MIA - {"mia.web1"}
_room_of = frozenset({"mia.oslo", "bob.oslo"})


def _but_web1(c: Client) -> bool:
    return c.who == "mia" and c.by != "web1"


def _commands_and_feedback(c: Client) -> bool:
    return _oslo(c) and not page(c)


CAUSES: tuple[Cause, ...] = (
    Cause("grant revoked", end_grant, fate(_mia_oslo, drawn_anew("mia")), lost=frozenset({"mia.oslo"})),
    Cause(
        "grant expired", wait_for_end, fate(_mia_oslo, drawn_anew("mia")), lost=frozenset({"mia.oslo"}),
        prepare=shorten_grant,
    ),
    Cause("grant narrowed", narrow_grant, fate(lambda c: _mia_oslo(c) and not page(c), drawn_anew("mia"))),
    Cause("person disabled", disable, lifted=enable, **_gone),  # type: ignore[arg-type]
    Cause("person deleted", delete, **_gone),  # type: ignore[arg-type]
    Cause("person deprovisioned", deprovision, lifted=enable, **_gone),  # type: ignore[arg-type]
    Cause("own password changed", own_password, fate(_but_web1), ends=_others, answered=True),
    Cause("password reset", reset_password, fate(_mia), ends=MIA),
    Cause("own second factor changed", own_factor, fate(_but_web1), ends=_others, answered=True),
    Cause("second factor reset", reset_factors, fate(_mia), ends=MIA),
    Cause(
        "role changed", change_roles("mia", "member", "provisioner"), fate(lambda c: False, drawn_anew("mia")),
        lifted=change_roles("mia", "member"),
    ),
    Cause("signed out", sign_out, fate(of_credential("mia.web1")), ends=frozenset({"mia.web1"})),
    Cause("signed out by the provider", provider_signs_out, fate(of_credential("mia.web2")), ends=frozenset({"mia.web2"})),
    Cause("token revoked", end_token, fate(of_credential("mia.tok1")), ends=frozenset({"mia.tok1"})),
    Cause(
        "token expired", wait_for_end, fate(of_credential("mia.tok1")), ends=frozenset({"mia.tok1"}),
        prepare=shorten_token,
    ),
    Cause("lock on a person", lock("person", "mia"), fate(_mia), ends=MIA, lifted=lift),
    Cause("lock on a room", lock("room", "oslo"), fate(_oslo), lifted=lift),
    Cause("lock on a site", lock("site", "site"), fate(in_room("oslo", "rome")), lifted=lift),
    Cause("lock on a connector", lock("connector", "connector"), fate(in_room("oslo", "rome")), lifted=lift),
    Cause("lock on a session", lock_session, fate(lambda c: False, lambda c: c.kind == "/ws" and _mia_oslo(c)), lifted=lift),
    Cause("room removed", remove_room, fate(_oslo), paused=_room_of),
    Cause(
        "room taken out at the site", take_out_room, fate(_commands_and_feedback, _oslo), at_site=True,
        # With the next hello comes the site's whole list, and what is not on it is gone for good.
        at_hello=Cause(
            "room taken out at the site", take_out_room,
            lambda c: Fate.STAYS if not _oslo(c) else Fate.TOLD if page(c) else Fate.FALLS, paused=_room_of, at_site=True,
        ),
    ),
    Cause("device re-assigned", exchange_device, fate(lambda c: False, _oslo), at_site=True),
    Cause("device credential rotated", rotate_credential, fate(lambda c: False, _oslo), at_site=True),
    Cause(
        "device credential changed at the device", change_credential, fate(_commands_and_feedback, _oslo), at_site=True
    ),
    Cause("connector disabled", disable_connector, fate(lambda c: True), paused=GRANTS),
    Cause(
        "site policy changed", change_policy, fate(lambda c: c.kind == "REST", in_room("oslo", "rome")), at_site=True,
        silenced=True,
    ),
    Cause("session ended", end_session, fate(lambda c: False, lambda c: c.kind == "/ws" and _mia_oslo(c))),
    Cause("giver disabled", disable_giver, fate(_mia_oslo, drawn_anew("mia")), paused=frozenset({"mia.oslo"})),
    Cause("giver deleted", delete_giver, fate(_mia_oslo, drawn_anew("mia")), paused=frozenset({"mia.oslo"})),
    Cause(
        "giver lost the right", change_roles("eva", "member"), fate(_mia_oslo, drawn_anew("mia")),
        paused=frozenset({"mia.oslo"}),
    ),
    Cause("hub restored", restore, fate(lambda c: True), ends=ALL, paused=GRANTS),
)  # fmt: skip

# What the architecture lists and has no cell of its own, and why. Counted in the report, never skipped in silence.
WITHOUT = {
    "connector cloned": "a second copy ends the link of the first; an administrator then disables it: see there",
    "connector re-enrolled": "another enrolment makes another connector; the old one is disabled: see there",
}
