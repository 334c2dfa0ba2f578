"""K24: the connector listens inside the site, or speaks to places that nobody named."""

import asyncio
from collections.abc import Sequence
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network

import msgspec

from roomgate.checks import ports
from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Fact, Snapshot
from roomgate.checks.target import Target
from roomgate.errors import BadInput

INBOUND, OUTBOUND = "inbound", "outbound"
SEEN_MOST = 10_000


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``ports``: those to try instead of the common ones; ``every``: all 65,535. ``expected``: those that you know of
    and want open, such as SSH for the people who look after the machine.

    ``seen``: a file with the connector's outgoing connections, a ``host:port`` on each line, as a firewall or ``ss``
    lists them; ``allowed``: where it may connect to: ``host``, ``*.example.com``, ``10.0.0.0/8``, each with ``:port``
    if only that port is meant.
    """

    ports: tuple[int, ...] = ()
    every: bool = False
    expected: tuple[int, ...] = ()
    seen: str = ""
    allowed: tuple[str, ...] = ()
    per_second: float = 50.0
    timeout_s: float = 1.0


def _needs(target: Target) -> str:
    if not target.site.connector:
        return "the target file does not say where the connector stands ([site] connector)."
    options = target.option("K24", Options) or Options()
    if not 0 < options.per_second <= 1000 or not 0 < options.timeout_s <= 30:
        return "[K24] per_second is at most 1000, and timeout_s at most 30."
    if any(not 0 < port < 65536 for port in options.ports):
        return "[K24] ports: a port is between 1 and 65535."
    return ""


async def look(kit: Kit) -> None:
    """Try the ports; then read the file of what it connects to."""
    options = kit.target.option("K24", Options) or Options()
    wanted: Sequence[int] = ports.EVERY if options.every else options.ports or ports.COMMON
    wanted = [*dict.fromkeys((*wanted, *options.expected))]
    await ports.look_at_ports(
        kit, kit.target.site.connector, wanted, INBOUND, per_second=options.per_second, timeout_s=options.timeout_s
    )
    if options.seen:
        file = kit.target.base / options.seen
        try:
            text = (await asyncio.to_thread(file.read_bytes)).decode("utf-8", "replace")
        except OSError as fault:
            raise BadInput(f"[K24] seen: {file} cannot be read: {fault.strerror}.") from fault
        kit.recorder.fact(OUTBOUND, "seen", parse_destinations(text), subject=options.seen)


def parse_destinations(text: str) -> list[str]:
    """Each ``host:port`` once, in the order they come: the last word of a line that is one."""
    found: dict[str, None] = {}
    for line in text.splitlines():
        for word in reversed(line.split()):
            host, colon, port = word.rpartition(":")
            if colon and host and port.isdecimal() and 0 < int(port[:6]) < 65536:
                found[f"{host.strip('[]').lower()}:{int(port)}"] = None
                break
        if len(found) >= SEEN_MOST:
            break
    return list(found)


def is_allowed(destination: str, allowed: Sequence[str]) -> bool:
    """Whether one of these names the destination, ``host:port``."""
    host, _, port = destination.rpartition(":")
    for one in allowed:
        name, colon, only = one.lower().rpartition(":")
        if not colon or not only.isdecimal() or (":" in name and "]" not in name):
            name, only = one.lower(), ""
        if (not only or only == port) and _is(host, name.strip("[]")):
            return True
    return False


def _is(host: str, name: str) -> bool:
    try:
        return ip_address(host) in ip_network(name, strict=False)
    except ValueError:
        return fnmatchcase(host, name)


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    options = target.option("K24", Options) or Options()
    looks = [step for step in snapshot.of(Fact, INBOUND) if isinstance(step.value, dict)]
    bad, up = [], False
    for step in looks:
        state = step.value
        open_ = _numbers(state.get(ports.OPEN))
        up = up or bool(open_) or _whole(state.get(ports.CLOSED)) > 0
        bad += [
            Point(f"{step.subject}:{port}", "listens", (snapshot.number(step),))
            for port in open_
            if port not in options.expected
        ]
    went = [step for step in snapshot.of(Fact, OUTBOUND) if isinstance(step.value, list)]
    for step in went:
        if options.allowed:
            bad += [
                Point(str(one), "is connected to, and nobody allowed it", (snapshot.number(step),))
                for one in step.value
                if not is_allowed(str(one), options.allowed)
            ]
    if bad:
        return failed("The connector listens, or speaks, where nobody expects it to.", bad)
    if not looks:
        return inconclusive("No port was tried.")
    if not up:
        return inconclusive(
            "Not one port answered, not even to refuse: the machine may be down, or a firewall lies between. Try it from "
            "the same network, and name a port that is open ([K24] expected)."
        )
    if options.seen and (not went or not options.allowed):
        return inconclusive("Nothing unexpected listens; what it connects to could not be compared with [K24] allowed.")
    tried = sum(_whole(step.value.get("tried")) for step in looks)
    more = ", and it connects only to what is allowed" if options.seen else ""
    return passed(f"Of {tried} ports, none is open that nobody expects{more}.")


def _numbers(value: object) -> list[int]:
    return [one for one in value if isinstance(one, int)] if isinstance(value, list) else []


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


LOOK = Look("listeners", Tier.SITE, look, _needs)

CHECK = Check(
    id="K24",
    title="The connector listens at the site, or speaks to unexpected places",
    weight=Weight.COUNTED,
    vector="CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:L/VI:L/VA:L/SC:N/SI:N/SA:N",
    cwe=(668, 1327),
    asvs=("13.4.5", "13.2.4"),
    sources=("https://cwe.mitre.org/data/definitions/668.html",),
    procedure="From inside the site, connect to each of some 180 common TCP ports of the connector's machine (or to all "
    "of them) and close again, sending nothing. Compare what is open with the ports that its owner expects. Compare what "
    "the firewall saw it connect to with what the vendor says that it needs.",
    remedy="Let the connector dial out and listen nowhere; what it serves locally belongs on loopback. Let the firewall "
    "allow just its destinations.",
    mistaken="A port of the machine itself, such as SSH for its administrators, is not the connector's: name it under "
    "expected. Silence is no proof: a host firewall may drop what is tried from here and let others in.",
    look=LOOK,
    judge=judge,
    options=Options,
)
