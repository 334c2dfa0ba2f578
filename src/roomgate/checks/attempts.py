"""The seven attempts F1–F7 of 2019, made by an outside client on any connector. One code for every target.

A target is told by a small description: what it issues to somebody who is let in (a link, and whatever
credentials go with it), two requests that such a person may make, and an adapter for the acts of its owner.
The attempts are real requests; whether a device was really read or moved is seen at the device: a word that
only the device knows comes back, a call appears in its own journal.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from roomgate.checks.forms import has_password_field
from roomgate.checks.likeness import line_likeness, skeleton_likeness

REQUEST_S = 10.0
ALIKE = 0.8


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an attempt looks on."""

    link_lives_s: float = 2.0  # for which access is asked when its end is to be seen
    after_its_end_s: float = 0.5
    device_notices_s: float = 31.0  # what Roomgate promises for a password that is changed at the device itself
    again_s: float = 0.5


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    json: Any = None


@dataclass(frozen=True, slots=True)
class Access:
    """What the target issues to somebody whom it lets in."""

    link: str  # the address as issued
    read: Request  # reads the device's name
    dial: Request  # places a call from the device
    headers: dict[str, str] = field(default_factory=dict, repr=False)  # credentials, where the target issues any


@dataclass(frozen=True, slots=True)
class Trace:
    """One line of a record: who did what, when, and whether its proof held."""

    who: str
    what: str
    when: str
    proven: bool


class Owner(Protocol):
    """The acts of the people who own the target and its device."""

    async def issue(self, seconds: float) -> Access:
        """Let somebody in, for so long if the target knows of ends at all."""

    async def change_admin_password(self) -> None:
        """The administrator who let the last one in changes their password."""

    async def remove_admin(self) -> None:
        """The administrator who let the last one in is removed."""

    async def change_device_password(self) -> None:
        """The passwords of the accounts that the connector uses are changed at the device itself."""

    async def calls(self) -> int:
        """How many calls the device has placed, by its own journal."""

    async def records(self) -> list[Trace]:
        """What the target can say of the access to this room."""


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    owner: Owner
    ca: str
    secret: str  # the device's own name: it comes back only from the device
    device: str  # the address of the device's own web page, on the inside
    device_ca: str


@dataclass(frozen=True, slots=True)
class Result:
    attempt: str
    title: str
    outcome: str  # open, refused; for F7: no trace, or who, what, when, with proof
    detail: str
    took_ms: int

    @property
    def safe(self) -> bool:
        return self.outcome not in ("open", "no trace")


class _Outside:
    """The client on the outside: no cookies kept, no redirects followed."""

    def __init__(self, target: Target, patience: Patience) -> None:
        self.target = target
        self.patience = patience
        self._http = httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=target.ca), timeout=REQUEST_S, follow_redirects=False
        )

    async def __aenter__(self) -> "_Outside":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def send(self, request: Request, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self._http.request(request.method, request.url, json=request.json, headers=headers)

    async def reads(self, access: Access, *, credentials: bool) -> bool:
        """Whether the device was read: by the link itself, or by the request that goes with it."""
        headers = access.headers if credentials else None
        for request in (Request("GET", access.link), access.read):
            answer = await self.send(request, headers)
            if answer.is_success and self.target.secret in answer.text:
                return True
        return False

    async def page(self, url: str) -> str:
        return (await self.send(Request("GET", url))).text


async def _f1(out: _Outside) -> tuple[bool, str]:
    access = await out.target.owner.issue(60)
    before = await out.target.owner.calls()
    read = await out.reads(access, credentials=False)
    answer = await out.send(access.dial)
    dialled = await out.target.owner.calls() > before
    return read or dialled, f"link alone: {'read the device' if read else 'not read'}, " + (
        "placed a call" if dialled else f"no call ({answer.status_code})"
    )


async def _f2(out: _Outside) -> tuple[bool, str]:
    access = await out.target.owner.issue(out.patience.link_lives_s)
    worked = await out.reads(access, credentials=True)
    await asyncio.sleep(out.patience.link_lives_s + out.patience.after_its_end_s)
    still = await out.reads(access, credentials=True)
    return still or not worked, "still open after its time" if still else "ended with its time"


async def _f3(out: _Outside) -> tuple[bool, str]:
    access = await out.target.owner.issue(300)
    worked = await out.reads(access, credentials=True)
    await out.target.owner.change_admin_password()
    after_change = await out.reads(access, credentials=True)
    await out.target.owner.remove_admin()
    after_removal = await out.reads(access, credentials=True)
    words = f"after the new password: {_word(after_change)}; after the removal: {_word(after_removal)}"
    return after_change or after_removal or not worked, words


async def _f4(out: _Outside) -> tuple[bool, str]:
    access = await out.target.owner.issue(300)
    worked = await out.reads(access, credentials=True)
    await out.target.owner.change_device_password()
    began, most_s = time.monotonic(), out.patience.device_notices_s
    while time.monotonic() - began < most_s:
        if not await out.reads(access, credentials=True):
            return not worked, f"shut {time.monotonic() - began:.1f} s after the change at the device"
        await asyncio.sleep(out.patience.again_s)
    return True, f"still open {most_s:.0f} s after the change at the device"


async def _f5(out: _Outside) -> tuple[bool, str]:
    access = await out.target.owner.issue(60)
    shown = (await out.send(Request("GET", access.link), access.headers)).text
    true = await _true_page(out.target, "/web/signin")
    home = out.target.secret in shown and "/web/" in shown
    alike = line_likeness(shown, true)
    doctored = shown != true and (home or alike > 0.5)
    return doctored, "shows a changed copy of the device's page" if doctored else "never shows the device's page"


async def _f6(out: _Outside) -> tuple[bool, str]:
    access = await out.target.owner.issue(60)
    shown = await out.page(access.link.rstrip("/") + "/signin")
    if not has_password_field(shown):
        shown = await out.page(access.link)
    true = await _true_page(out.target, "/web/signin")
    alike = skeleton_likeness(shown, true) if has_password_field(shown) else 0.0
    return alike >= ALIKE, f"sign-in is {alike:.0%} like the device's (a copy: from {ALIKE:.0%})"


async def _f7(out: _Outside) -> tuple[bool, str]:
    traces = [t for t in await out.target.owner.records() if t.who and t.what and t.when and t.proven]
    if not traces:
        return True, "nothing was kept"
    return False, f"{len(traces)} entries, each proven; last: {traces[-1].what} at {traces[-1].when}"


async def _true_page(target: Target, path: str) -> str:
    verify = ssl.create_default_context(cafile=target.device_ca)
    async with httpx.AsyncClient(verify=verify, timeout=REQUEST_S) as inside:
        return (await inside.get(target.device + path)).text


def _word(open_: bool) -> str:
    return "open" if open_ else "refused"


Attempt = Callable[[_Outside], Awaitable[tuple[bool, str]]]
ATTEMPTS: dict[str, tuple[str, Attempt]] = {
    "F1": ("a device link without sign-in", _f1),
    "F2": ("a link after its time", _f2),
    "F3": ("after the administrator's password changed, and they left", _f3),
    "F4": ("after the device's own password changed", _f4),
    "F5": ("a doctored copy of the device's page", _f5),
    "F6": ("an imitation of the device's sign-in", _f6),
    "F7": ("what the record says of all this", _f7),
}


async def attempt(name: str, target: Target, patience: Patience | None = None) -> Result:
    """Make one attempt on one target. A target that does not answer has not been shown to be shut: that raises."""
    title, act = ATTEMPTS[name]
    began = time.monotonic()
    async with _Outside(target, patience or Patience()) as out:
        open_, detail = await act(out)
    words = ("no trace", "who, what, when, with proof") if name == "F7" else ("open", "refused")
    outcome = words[0] if open_ else words[1]
    return Result(name, title, outcome, detail, round((time.monotonic() - began) * 1000))
