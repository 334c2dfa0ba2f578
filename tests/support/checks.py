"""Checks tried on targets in memory: an ASGI application in place of the network, and time that is handed over."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from roomgate.checks.addresses import Addresses
from roomgate.checks.catalogue import all_checks
from roomgate.checks.declared import Check, Tier
from roomgate.checks.finding import Finding
from roomgate.checks.journal import Journal
from roomgate.checks.kit import Kit
from roomgate.checks.pace import HandTime, Pace
from roomgate.checks.recorder import Masks, Recorder
from roomgate.checks.run import Around, Wish, judge_all, plan, run
from roomgate.checks.snapshot import Snapshot
from roomgate.checks.sockets import OpenSocket, Pairs, Socket, SocketRefused
from roomgate.checks.target import Target, parse_target
from roomgate.checks.tester import Tester, Voice
from roomgate.checks.web import Web

Answers = Callable[[httpx.Request], httpx.Response]
AUTHORISED = '[authorisation]\ntext = "The owner allows it."\nby = "The owner"\n'
ONE = f'[target]\nname = "A target"\nurls = ["https://target.example/"]\n\n{AUTHORISED}'


def options_of(checks: Sequence[Check]) -> dict[str, Any]:
    return {check.id: check.options for check in checks if check.options is not None}


def target_of(text: str = ONE, base: Path = Path(), read: dict[str, str] | None = None) -> Target:
    return parse_target(text, base, options_of(all_checks()), read or {})


async def no_sockets(url: str, headers: Pairs, subprotocols: Sequence[str]) -> Socket:
    raise SocketRefused("nothing listens")


async def looked(
    folder: Path,
    answers: Answers | httpx.AsyncBaseTransport,
    text: str = ONE,
    *,
    only: Sequence[str] = (),
    tier: Tier = Tier.SITE,
    voice: Voice | None = None,
    intrusive: bool = False,
    quick: bool = False,
    time: HandTime | None = None,
    target: Target | None = None,
    open_socket: OpenSocket | None = None,
) -> dict[str, Snapshot]:
    """Take the looks of these checks (all, if none is named) on whatever answers; gives the snapshots by look."""
    made = target or target_of(text)

    async def found(host: str) -> list[str]:
        return ["192.0.2.1"]

    transport = (
        httpx.MockTransport(answers)
        if callable(answers) and not isinstance(answers, httpx.AsyncBaseTransport)
        else answers
    )
    around = Around(time or HandTime(), voice, lambda: transport, found, open_socket=open_socket or no_sockets)
    journal = Journal(folder)
    await run(made, text, all_checks(), Wish(tier, tuple(only), quick, intrusive), journal, around)
    return journal.snapshots()


async def judged(
    folder: Path, answers: Answers | httpx.AsyncBaseTransport, text: str = ONE, *, only: Sequence[str] = (), **more: Any
) -> dict[str, Finding]:
    """The findings by id, of the named checks or of all."""
    snapshots = await looked(folder, answers, text, only=only, **more)
    found = judge_all(all_checks(), snapshots, more.get("target") or target_of(text))
    return {one.id: one for one in found if not only or one.id in only}


def looks_of(only: Sequence[str]) -> list[str]:
    return [look.id for look in plan(all_checks(), Wish(only=tuple(only)))]


def kit_of(folder: Path, answers: Answers | httpx.AsyncBaseTransport, text: str = ONE, **more: Any) -> Kit:
    """A kit by itself, for what a look calls; its hosts are found at once, and its time is handed over."""
    target = more.pop("target", None) or target_of(text)
    time = more.pop("time", None) or HandTime()
    addresses = Addresses(dict.fromkeys(target.hosts, "192.0.2.1"))
    recorder = Recorder(time, Masks(target.secrets))
    pace = Pace(target.permitted.requests_per_second, time)
    transport = answers if isinstance(answers, httpx.AsyncBaseTransport) else httpx.MockTransport(answers)
    web = Web(target, recorder, addresses, pace, transport=transport)
    folder.mkdir(parents=True, exist_ok=True)
    return Kit(target, web, time, pace, recorder, Tester(recorder, web, time), addresses, folder, **more)
