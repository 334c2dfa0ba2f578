"""K08: whoever has the link can place a call from the room, answer for it, or open its microphone."""

import msgspec

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.inside import (
    CALLS,
    HISTORY,
    Reach,
    Room,
    Row,
    lacks_device,
    numbers_of,
    reach_device,
    read_lists,
    read_value,
    rows_of,
    value_of,
)
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Exchange, Snapshot
from roomgate.checks.target import Ask, Deed, Link, Target, filled_ask
from roomgate.checks.tester import NobodyToAsk, NotDone
from roomgate.checks.web import Session
from roomgate.errors import RoomgateError
from roomgate.xapi.errors import XapiError

BEFORE, AFTER, TRY, OPENED, FIRST = "before ", "after ", "try ", "link", "first"
LINK, LOWEST, ALLOWED = "link alone", "lowest account", "allowed account"
MOVE = "move "
BY_LINK = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:L/VA:N/SC:H/SI:N/SA:N"
_SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization")


class InCall(RoomgateError):
    """The test room is in use, so nothing is tried there."""

    code = "check.in-call"
    hint = "Wait until the room is free, and run the check again."


class Move(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something else that listens in: a request that would set ``path`` of the device to ``to``.

    For the microphone, for example, ``path = "Status/Audio/Microphones/Mute"`` and ``to = "Off"``, in a room that is
    muted.
    """

    name: str
    request: Ask
    path: str
    to: str
    undo: Deed | None = None


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``place`` is the very request by which the vendor's page places a call.

    It may hold ``{callee}``, ``{room}`` and ``{link}``. It is sent by somebody who just opened the ``link`` (the first of
    the file, if none is named), without any sign-in; then as ``account``, which must not be able to call; and last as
    ``allowed``, which may: unless that works, a refusal says nothing. Whether there was a call is seen at the device, or told by
    ``placed``, a request whose answer holds its ``expects`` only while a call from the room is on (or was, since).
    ``hang_up`` ends one; where the device is reached, that is done over the xAPI as well.
    """

    place: Ask | None = None
    account: str = ""
    allowed: str = ""
    link: str = ""
    placed: Ask | None = None
    hang_up: Deed | None = None
    wait_s: float = 5.0
    moves: tuple[Move, ...] = ()


def _needs(target: Target) -> str:
    options = target.option("K08", Options)
    if options is None or (options.place is None and not options.moves):
        return "the target file does not say by which request a call is placed ([K08] place)."
    if options.link and options.link not in {key for link in target.links for key in (link.name, link.url)}:
        return f"[K08] link: there is no link {options.link}."
    if options.place is not None and not target.permitted.callee:
        return "the target file names nobody who may be called ([permitted] callee)."
    if options.placed is not None and not options.placed.expects:
        return "[K08] placed has no expects, so its answer says nothing."
    if options.placed is not None and not options.moves:
        return ""
    return lacks_device(target)


async def look(kit: Kit, reach: Reach = reach_device) -> None:
    """Try to call from the test room, as less and less of a stranger; the first call that comes ends it."""
    options = kit.target.option("K08", Options)
    assert options is not None
    if lacks_device(kit.target):
        await _try_all(kit, options, None)
    else:
        async with reach(kit) as room:
            await _try_all(kit, options, room)


async def _try_all(kit: Kit, options: Options, room: Room | None) -> None:
    if room is not None:
        await read_lists(kit, room, FIRST, (CALLS,))
        if rows_of(Snapshot(look=LOOK.id, steps=tuple(kit.recorder.steps)), FIRST, CALLS):
            raise InCall("The test room is in a call, and nobody else's call may be ended: try it later.")
    if options.place is not None:
        who = [(LINK, ""), *([(LOWEST, options.account)] if options.account else [])]
        who += [(ALLOWED, options.allowed)] if options.allowed else []
        for name, account in who:
            kit.progress(f"a call by {name}", 0.2)
            session = await kit.web.sign_in(account) if account else kit.web.fresh()
            await _open_link(kit, options, session)
            await _see(kit, options, room, BEFORE + name)
            await _send(kit, options, options.place, session, TRY + name)
            await kit.time.sleep(options.wait_s)
            await _see(kit, options, room, AFTER + name)
            await _hang_up(kit, options, room)
            if _called(Snapshot(look=LOOK.id, steps=tuple(kit.recorder.steps)), name, kit.target, options):
                break  # one call more would show nothing new
    for move in options.moves:
        if room is not None:
            await read_value(kit, room, BEFORE + MOVE + move.name, move.path)
            session = kit.web.fresh()
            await _open_link(kit, options, session)
            await _send(kit, options, move.request, session, TRY + MOVE + move.name)
            await kit.time.sleep(options.wait_s)
            await read_value(kit, room, AFTER + MOVE + move.name, move.path)
            await _undo(kit, move.undo, "undo " + move.name)


def _link(target: Target, options: Options) -> Link | None:
    """Raises NotFound for a link that the file does not have."""
    return target.link(options.link) if options.link else next(iter(target.links), None)


async def _open_link(kit: Kit, options: Options, session: Session) -> None:
    """What a link's page gives to whoever opens it, a cookie perhaps, is part of what the link gives."""
    if (link := _link(kit.target, options)) is not None:
        await kit.web.get(link.url, OPENED, session, follow=3)


async def _send(kit: Kit, options: Options, ask: Ask, session: Session, label: str) -> None:
    """As the file has it, but with nobody's credentials, other than this session's."""
    permitted = kit.target.permitted
    link = _link(kit.target, options)
    values = {"callee": permitted.callee, "room": permitted.room, "link": link.url if link else ""}
    made = filled_ask(ask, values)
    bare = {name: value for name, value in made.headers.items() if name.lower() not in _SECRET_HEADERS}
    await kit.web.send(msgspec.structs.replace(made, headers=bare, account=""), label, session, declared=True)


async def _see(kit: Kit, options: Options, room: Room | None, label: str) -> None:
    if room is not None:
        await read_lists(kit, room, label, (CALLS, HISTORY))
    if options.placed is not None:
        await kit.web.send(options.placed, label, declared=True)


async def _hang_up(kit: Kit, options: Options, room: Room | None) -> None:
    """Whatever call there is in the test room is over, as far as can be."""
    await _undo(kit, options.hang_up, "hang up")
    if room is not None:
        await kit.pace.turn()
        try:
            if await room.get("Status/Call"):
                await room.command("Call.Disconnect")
        except XapiError:
            return  # it was over already; the next list shows what is there


async def _undo(kit: Kit, deed: Deed | None, name: str) -> None:
    if deed is None:
        return
    try:
        await kit.tester.do(deed, name)
    except (NotDone, NobodyToAsk):
        return  # on record; there may have been nothing to undo


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    options = target.option("K08", Options)
    if options is None:
        return inconclusive("The target file does not say by which request a call is placed.")
    called = {name: _called(snapshot, name, target, options) for name in (LINK, LOWEST, ALLOWED)}
    moved = {move.name: _moved(snapshot, move) for move in options.moves}
    bad = [Point(name, "a call was placed", _steps(snapshot, name)) for name in (LINK, LOWEST) if called[name]]
    bad += [
        Point(move.name, f"{move.path} became {move.to} by the request alone", _steps(snapshot, MOVE + move.name))
        for move in options.moves
        if moved[move.name]
    ]
    if called[LINK] or any(moved.values()):
        return failed(
            "Without signing in, by the request alone, the room was made to listen to somebody.", bad, BY_LINK
        )
    if called[LOWEST]:
        return failed(f"The account {options.account}, which must not, placed a call from the room.", bad)
    undecided = [name for name in (LINK, *([LOWEST] if options.account else [])) if called[name] is None]
    if options.place is None:
        return inconclusive("No call was tried: the target file does not say by which request one is placed.")
    if undecided:
        return inconclusive(f"Whether a call was placed by {' and by '.join(undecided)} could not be seen.")
    if any(one is None for one in moved.values()):
        names = ", ".join(name for name, one in moved.items() if one is None)
        return inconclusive(f"No call was placed; whether this worked could not be seen: {names}.")
    if not options.allowed:
        return inconclusive(
            "No call was placed without a sign-in, but nothing shows that the request would have placed one for somebody "
            "who may: [K08] allowed names such an account."
        )
    if not called[ALLOWED]:
        return inconclusive(
            "The same request placed no call for somebody who may either: it may be wrong, or the room's own rules keep "
            "calls away, which would mitigate a flaw but not show that there is none."
        )
    return passed("Without signing in no call is placed; by the same request, somebody who may does place one.")


def _called(snapshot: Snapshot, name: str, target: Target, options: Options) -> bool | None:
    """Whether a call to the callee began with this try; None where nobody can know."""
    if not any(one.answered for one in snapshot.of(Exchange, TRY + name)):
        return None
    seen: list[bool | None] = []
    if options.placed is not None:
        before, after = _tells(snapshot, BEFORE + name, options), _tells(snapshot, AFTER + name, options)
        seen.append(None if before is None or after is None or before else after)
    if rows_of(snapshot, BEFORE + name, CALLS) is not None or options.placed is None:
        seen.append(_at_device(snapshot, name, target.permitted.callee))
    return True if True in seen else None if None in seen else False


def _tells(snapshot: Snapshot, label: str, options: Options) -> bool | None:
    found = snapshot.of(Exchange, label)
    if not found or not found[-1].succeeded or options.placed is None:
        return None
    return options.placed.expects in found[-1].body


def _at_device(snapshot: Snapshot, name: str, callee: str) -> bool | None:
    """By the device's calls, and by its history, which has one once it is over."""
    known = True
    for list_ in (CALLS, HISTORY):
        before, after = rows_of(snapshot, BEFORE + name, list_), rows_of(snapshot, AFTER + name, list_)
        if before is None or after is None:
            known = False
            continue
        old = {str(row.get("id")) for row in before}
        if any(str(row.get("id")) not in old and _goes_to(row, callee) for row in after):
            return True
    return False if known else None


def _goes_to(row: Row, callee: str) -> bool:
    number, wanted = (_bare(str(one)) for one in (row.get("number", ""), callee))
    if "@" not in number or "@" not in wanted:  # a device may show a number without its domain
        number, wanted = number.partition("@")[0], wanted.partition("@")[0]
    return bool(number) and number == wanted


def _bare(number: str) -> str:
    number = number.strip().lower()
    for scheme in ("sip:", "sips:", "h323:", "spark:", "tel:"):
        number = number.removeprefix(scheme)
    return number


def _moved(snapshot: Snapshot, move: Move) -> bool | None:
    name = MOVE + move.name
    before, after = (value_of(snapshot, label + name, move.path) for label in (BEFORE, AFTER))
    answered = any(one.answered for one in snapshot.of(Exchange, TRY + name))
    if before is None or after is None or not answered or str(before) == move.to:
        return None
    return str(after) == move.to


def _steps(snapshot: Snapshot, name: str) -> tuple[int, ...]:
    tries = tuple(snapshot.number(one) for one in snapshot.of(Exchange, TRY + name))
    return tries + numbers_of(snapshot, AFTER + name, CALLS) + numbers_of(snapshot, AFTER + name, HISTORY)


LOOK = Look("calls", Tier.SITE, look, _needs, intrusive=True)

CHECK = Check(
    id="K08",
    title="A call can be placed from the room without signing in",
    weight=Weight.REQUIRED,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:L/VA:N/SC:H/SI:N/SA:N",
    cwe=(862, 306, 359),
    asvs=("2.3.5", "8.2.1"),
    sources=("https://cwe.mitre.org/data/definitions/862.html",),
    procedure="Take the request by which the vendor's own page places a call. Send it without any sign-in, then as an "
    "account that must not call, and last as one that may, each time with the named test room and the named callee. Look "
    "at the device's own calls and call history before and after each. Do the same with requests that open the "
    "microphone or turn on automatic answering, where the target file has them. Each call is ended at once.",
    remedy="Ask who it is, and whether they may, at every request that moves a device, however it was come by; and let "
    "the room be told of each call.",
    mistaken="A call that somebody else places meanwhile counts only if it goes to the named callee. A request that is "
    "refused to everybody proves nothing: the same one must work for an account that may. Rules of the room itself that "
    "keep all calls away mitigate this, and make it inconclusive.",
    look=LOOK,
    judge=judge,
    options=Options,
)
