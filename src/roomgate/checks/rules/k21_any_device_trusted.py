"""K21: the connector gives the device's credentials to whoever answers at the device's address."""

from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.impostor import Impostor, Visit, posing
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Fact, Snapshot
from roomgate.checks.target import Deed, Target
from roomgate.checks.tester import NotDone

LISTENING, RELAYED, POSED = "listening", "relayed", "posed"
_SAY = "Tell the connector that the device is now at {address}."
_BACK = "Tell the connector again where the device really is."


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the connector is led to an impostor. ``listen`` is an address of this machine that the connector reaches.

    The deeds may hold ``{host}``, ``{port}`` and ``{address}`` (both, with a colon). ``swap``: first the true device
    through a relay, so that a connector that keeps the first certificate it sees has kept the true one.
    """

    listen: str
    port: int = 0
    point_at: Deed = Deed()
    point_back: Deed = Deed()
    swap: bool = False
    wait_s: float = 120.0


def _needs(target: Target) -> str:
    options = target.option("K21", Options)
    if options is None:
        return "the target file does not say how the connector is told where its device is ([K21])."
    if options.swap and not target.device.url:
        return "[K21] swap needs the true device ([device] url)."
    return ""


async def look(kit: Kit) -> None:
    """Pose as the device and see how far the connector goes. It is pointed back whatever happens."""
    options = kit.target.option("K21", Options)
    assert options is not None
    device = urlsplit(kit.target.device.url)
    names = [name for name in dict.fromkeys((device.hostname or "", options.listen)) if name]
    async with posing(options.listen, options.port, names, kit.time.now()) as impostor:
        values = {
            "host": options.listen, "port": str(impostor.port), "address": f"{options.listen}:{impostor.port}",
        }  # fmt: skip
        kit.recorder.fact(LISTENING, "impostor", values | {"sha256": impostor.fingerprint})
        if options.swap:
            impostor.onward = (kit.addresses.get(device.hostname or ""), device.port or 443)
        try:
            await _point_at(kit, options, values)
            if options.swap:
                await _wait(kit, impostor, options.wait_s, lambda visit: visit.relayed > 0)
                _record(kit, RELAYED, impostor)
                impostor.visits.clear()
                impostor.swap()
            await _wait(kit, impostor, options.wait_s, lambda visit: visit.received > 0)
            _record(kit, POSED, impostor)
        finally:
            await kit.tester.do(options.point_back, "point back", say=_BACK, values=values)


async def _point_at(kit: Kit, options: Options, values: dict[str, str]) -> None:
    try:
        await kit.tester.do(options.point_at, "point at", say=_SAY, values=values)
    except NotDone:
        return  # a connector may well say that such a device does not answer as it should; who came is seen


async def _wait(kit: Kit, impostor: Impostor, seconds: float, enough: Callable[[Visit], bool]) -> None:
    """Until somebody came so far and was given a moment to say the rest, or the time is over."""
    until = kit.time.monotonic() + seconds
    while kit.time.monotonic() < until and not any(enough(visit) for visit in impostor.visits):
        kit.progress("waiting for the connector", 0.5)
        await kit.time.sleep(0.25)
    await kit.time.sleep(min(1.0, seconds))


def _record(kit: Kit, label: str, impostor: Impostor) -> None:
    for visit in impostor.visits:
        kit.recorder.fact(
            label, "visit",
            {
                "from": visit.address, "greeted": visit.greeted, "handshake": visit.handshake,
                "received": visit.received, "first": visit.first, "credentials": visit.credentials,
                "broke": visit.broke, "relayed": visit.relayed, "done": visit.done,
            },
        )  # fmt: skip


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    options = target.option("K21", Options)
    visits = _visits(snapshot, POSED, target.site.connector)
    took_in = [(step, seen) for step, seen in visits if _count(seen, "received") > 0 and seen.get("handshake") is True]
    if took_in:
        points = [_point(snapshot, step, seen) for step, seen in took_in]
        secret = any(seen.get("credentials") is True for _, seen in took_in)
        what = "sent it the device's credentials" if secret else "spoke to it as if it were the device"
        return failed(f"The connector met a device with a certificate that is not the device's, and {what}.", points)
    if not snapshot.of(Fact, LISTENING):
        return inconclusive("Nobody posed as the device.")
    greeted = [(step, seen) for step, seen in visits if seen.get("greeted") is True]
    points = [_point(snapshot, step, seen) for step, seen in visits]
    if not greeted:
        return inconclusive("The connector never came to the impostor's address, so nothing can be said.", points)
    if any(seen.get("done") is not True for _, seen in greeted):
        return inconclusive("The connector came, and kept the impostor waiting: it neither spoke nor hung up.", points)
    if options is not None and options.swap:
        relayed = _visits(snapshot, RELAYED, target.site.connector)
        if not any(_count(seen, "relayed") > 0 for _, seen in relayed):
            return inconclusive("The connector did not use the true device through the relay first.", points)
    return passed("The connector came to an impostor, saw the wrong certificate, and hung up without a word.", points)


def _visits(snapshot: Snapshot, label: str, connector: str) -> list[tuple[Fact, dict[str, object]]]:
    """Those of the connector, where the file says its address; whoever else comes by is not what is judged."""
    found = [(step, step.value) for step in snapshot.of(Fact, label) if isinstance(step.value, dict)]
    known = connector if connector.replace(".", "").isdecimal() or ":" in connector else ""
    return [(step, seen) for step, seen in found if not known or seen.get("from") == known]


def _count(seen: dict[str, object], name: str) -> int:
    value = seen.get(name)
    return value if isinstance(value, int) else 0


def _point(snapshot: Snapshot, step: Fact, seen: dict[str, object]) -> Point:
    if _count(seen, "received"):
        what = f"sent {_count(seen, 'received')} bytes: {seen.get('first')}"
        what += ", with credentials" if seen.get("credentials") else ""
    else:
        what = f"sent nothing ({seen.get('broke') or 'and stayed'})"
    return Point(str(seen.get("from")), what, (snapshot.number(step),))


LOOK = Look("impostor", Tier.SITE, look, _needs, quick=False)

CHECK = Check(
    id="K21",
    title="The connector trusts any device that answers",
    weight=Weight.REQUIRED,
    vector="CVSS:4.0/AV:A/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:L/SC:H/SI:H/SA:N",
    cwe=(295, 290),
    asvs=("12.3.2", "12.3.4"),
    sources=("https://cwe.mitre.org/data/definitions/295.html",),
    procedure="Tell the connector that its device is at an address where the checker listens with a self-signed "
    "certificate for the device's own names. See how far it goes: whether it completes the handshake, and whether it "
    "sends anything afterwards. With swap, it first meets the true device through a relay at that address. Nothing is "
    "answered, and what it sends is kept only as its first line and its length. Afterwards it is pointed back.",
    remedy="Pin each device's certificate when it is added, or demand one of an authority that you name; check it before "
    "a password is sent; and stop, loudly, when it changes.",
    mistaken="A connector that trusts the first certificate it sees takes the impostor for a new device: try it with swap "
    "as well. A handshake alone is no fault: some check the certificate after it, and hang up without a word. Other "
    "programs that connect to the address are left out if [site] connector names the connector's own.",
    look=LOOK,
    judge=judge,
    options=Options,
)
