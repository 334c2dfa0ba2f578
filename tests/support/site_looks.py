"""Looks that need a site, taken on a device in memory and a target in memory, with time that is handed over."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from hypothesis import strategies as st

from roomgate.checks.addresses import Addresses
from roomgate.checks.declared import Check
from roomgate.checks.finding import Finding, build_finding
from roomgate.checks.inside import Reach
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement
from roomgate.checks.pace import HandTime, Pace
from roomgate.checks.recorder import Masks, Recorder
from roomgate.checks.run import judge
from roomgate.checks.snapshot import (
    Act,
    Ended,
    Exchange,
    Fact,
    Frame,
    Render,
    Snapshot,
    Told,
    decode_snapshot,
    encode_snapshot,
)
from roomgate.checks.target import Target
from roomgate.checks.tester import Tester, Voice
from roomgate.checks.web import Web
from roomgate.errors import RoomgateError
from roomgate.xapi.errors import PermissionDenied, XapiError
from support.checks import Answers, target_of

DEVICE = (
    '[device]\nurl = "https://device.example"\nuser = "auditor"\npassword = "a long one"\ncertificate_sha256 = "00"\n'
)


@dataclass
class DeviceInMemory:
    """A device's own lists, in the shapes in which a device answers. ``refuses``: what it does not say to this account."""

    users: list[tuple[str, str]] = field(default_factory=lambda: [("auditor", "Admin")])
    sessions: list[tuple[str, str]] = field(default_factory=lambda: [("1", "auditor")])
    macros: list[str] = field(default_factory=list)
    panels: list[str] = field(default_factory=list)
    slots: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    history: list[tuple[str, str]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    nameless: bool = False
    ran: list[str] = field(default_factory=list)

    async def get(self, path: str) -> Any:
        self._refuse(path)
        if path == "Status/HttpFeedback":
            return [{"id": n, "URL": url} for n, url in enumerate(self.slots, 1)] or None
        if path == "Status/Call":
            return [{"id": id, "RemoteNumber": to, "Direction": "Outgoing"} for id, to in self.calls] or None
        return self.values.get(path)

    async def command(self, name: str, *, arguments: Mapping[str, object] | None = None) -> Any:
        self._refuse(name)
        self.ran.append(name)
        match name:
            case "Security.Session.List":
                whose = [{"Id": id} | ({} if self.nameless else {"Username": user}) for id, user in self.sessions]
                return {"Session": whose, "status": "OK"}
            case "UserManagement.User.List":
                return {"User": [{"Username": one, "Roles": [{"id": 1, "Role": role}]} for one, role in self.users]}
            case "Macros.Macro.Get":
                return {"Macro": [{"Name": one, "Active": "True"} for one in self.macros]} if self.macros else {}
            case "UserInterface.Extensions.List":
                return {"Extensions": {"Version": "1.11", "Panel": [{"PanelId": one} for one in self.panels]}}
            case "CallHistory.Get":
                rows = [{"CallHistoryId": id, "RemoteNumber": to, "Direction": "Outgoing"} for id, to in self.history]
                return {"Entry": rows}
            case "Call.Disconnect":
                self.history = [*self.calls, *self.history]
                self.calls = []
        return {"status": "OK"}

    def call(self, number: str) -> None:
        self.calls.append((str(100 + len(self.calls) + len(self.history)), number))

    def _refuse(self, what: str) -> None:
        if what in self.refuses:
            raise PermissionDenied(f"{what} is not for this account")

    @asynccontextmanager
    async def reach(self, kit: Kit) -> AsyncIterator["DeviceInMemory"]:
        yield self


@dataclass
class Hands:
    """A tester in memory. ``does``: what happens when they are asked to do something; ``says``: their answers."""

    does: Callable[[str], Awaitable[None] | None] = lambda what: None
    says: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def please(self, what: str) -> None:
        self.asked.append(what)
        if (going := self.does(what)) is not None:
            await going

    async def choose(self, question: str, answers: Sequence[str]) -> str:
        self.asked.append(question)
        answer = self.says.pop(0)
        assert answer in answers
        return answer

    async def type(self, question: str) -> str:
        self.asked.append(question)
        return self.says.pop(0)


class Answering(httpx.AsyncBaseTransport):
    """What answers is read as it is from a network: bit by bit, once."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        made = self._answers(request)
        return httpx.Response(made.status_code, headers=made.headers, stream=httpx.ByteStream(made.content))


def nobody(request: httpx.Request) -> httpx.Response:
    return httpx.Response(404)


async def look_at(
    check: Check,
    text: str,
    *,
    answers: Answers = nobody,
    reach: Reach | None = None,
    run: Callable[..., Awaitable[None]] | None = None,
    voice: Voice | None = None,
    folder: Path = Path(),
    quick: bool = False,
    found: Mapping[str, str] | None = None,
    time: HandTime | None = None,
) -> tuple[Snapshot, Target]:
    """Take this check's look, as a run does it; what it recorded has been written and read again."""
    target = target_of(text, folder)
    lacks = check.look.needs(target)
    assert not lacks, lacks
    time = time or HandTime()
    recorder = Recorder(time, Masks(target.secrets))
    addresses = Addresses(dict.fromkeys(target.hosts, "192.0.2.1") | dict(found or {}))
    pace = Pace(50.0, time)
    ended, why = Ended.DONE, ""
    async with Web(target, recorder, addresses, pace, transport=Answering(answers)) as web:
        tester = Tester(recorder, web, time, voice)
        kit = Kit(target, web, time, pace, recorder, tester, addresses, folder, True, quick)
        try:
            await (run or check.look.run)(kit, **({"reach": reach} if reach else {}))
        except (RoomgateError, XapiError) as broken:
            ended, why = Ended.FAILED, str(broken)
    snapshot = Snapshot(look=check.look.id, ended=ended, why=why, steps=tuple(recorder.steps))
    return decode_snapshot(encode_snapshot(snapshot)), target


async def finding_of(check: Check, text: str, **more: Any) -> Finding:
    snapshot, target = await look_at(check, text, **more)
    judged: Judgement = judge(check, snapshot, target)
    assert all(step < len(snapshot.steps) for point in judged.points for step in point.steps)
    return build_finding(check, snapshot, judged)


# ---- odd snapshots: whatever can be in a file --------------------------------------------------------

_plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 70000) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "user", "name", "roles", "open", "closed", "tried", "from", "received", "handshake"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)
_WORDS = st.text(max_size=12)


def odd_snapshots(labels: Sequence[str], subjects: Sequence[str] = ("",)) -> st.SearchStrategy[Snapshot]:
    """Steps of every kind, in any order, under a look's own labels, with rubbish in them."""
    base: dict[str, Any] = {
        "label": st.sampled_from(list(labels)), "subject": st.sampled_from(list(subjects)),
        "t": st.floats(0, 10), "at": st.sampled_from(["2026-03-10T09:00:00.000Z", "", "yesterday"]),
    }  # fmt: skip
    names = st.sampled_from(["sessions", "users", "macros", "panels", "feedback", "calls", "history", "value", "visit", "ports", "lists"])  # fmt: skip
    step = st.one_of(
        st.builds(Fact, name=names, value=_plain, fault=st.sampled_from(["", "", "no"]), **base),
        st.builds(Exchange, method=st.just("GET"), url=_WORDS, status=st.sampled_from([0, 200, 302, 404, 500]), body=_WORDS, **base),
        st.builds(Act, name=_WORDS, how=st.sampled_from(["request", "command", "by hand"]), ok=st.booleans(), answer=_WORDS, **base),
        st.builds(Told, question=_WORDS, answer=st.sampled_from(["yes", "no", "", "perhaps"]), **base),
        st.builds(Frame, channel=_WORDS, way=_WORDS, **base),
        st.builds(Render, url=_WORDS, **base),
    )  # fmt: skip
    return st.builds(Snapshot, look=st.just("odd"), steps=st.lists(step, max_size=12).map(tuple))
