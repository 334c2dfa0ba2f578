"""Macros and panels of a room: asked of its device, and kept in versions.

Whoever may ask the device for its texts now may read those that were kept of it, and nobody else: each way to a
kept text begins with that ask. So it is decided by the grants of now and by the site's policy of now, and a room
that does not answer shows nothing. Code stays out of the record, as every body of a call does.
"""

import json
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from roomgate.clock import Clock, iso
from roomgate.errors import BadInput, NotFound, PreconditionFailed, RoomgateError
from roomgate.hub.extensions import store
from roomgate.hub.extensions.lint import lint_macro
from roomgate.hub.extensions.panel import lint_panel, panels_of, version_of, write
from roomgate.hub.extensions.store import Version
from roomgate.hub.extensions.text import Finding, Kind, digest_of, refuse_name
from roomgate.hub.identity.sealing import Seal
from roomgate.hub.relay.asked import Wish
from roomgate.ids import PersonId, RoomId
from roomgate.storage.database import Database
from roomgate.xapi.call import Verb

MOST_VERSIONS = 50

Ask = Callable[[Wish], Awaitable[Any]]
"""Asks the room for one thing and gives its result; raises where it was not done."""


class Differs(PreconditionFailed):
    """The device has another text than the one that was read before it was changed."""

    code = "text.differs"
    hint = "Read it again, put your change into what is there now, and save that."


class Faulty(BadInput):
    """The text cannot work as it is; ``findings`` say where."""

    code = "text.faulty"
    hint = "Mend it, or say that it is to be saved anyway."

    def __init__(self, findings: list[Finding]) -> None:
        bad = [one for one in findings if one.kind == "bad"]
        super().__init__(f"This cannot work on a device: line {bad[0].line} ({bad[0].code}).")
        self.findings = findings


class BadName(BadInput):
    """No device should get something of this name; ``said`` is a message of the catalogue."""

    code = "text.name"
    hint = "Up to 250 characters, no slash, no dot in front, nothing that cannot be seen."

    def __init__(self, said: str) -> None:
        super().__init__("This is no name for a macro or a panel.")
        self.said = said


@dataclass(frozen=True, slots=True)
class Listed:
    """One macro or panel as the device names it. ``active``: None where it does not say."""

    name: str
    active: bool | None = None
    title: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """What the device has now."""

    kind: Kind
    name: str
    text: str
    digest: str
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class Runtime:
    """How the macros' engine is. None: not known."""

    active: int | None
    crashes: int | None
    running: bool | None


@dataclass(frozen=True, slots=True)
class LogLine:
    at: str
    level: str
    macro: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the site's policy says to a call: allowed, consent or refused; empty where it could not be asked."""

    verdict: str = ""
    rule: str = ""
    words: str = ""


def command(name: str, arguments: Mapping[str, object] | None = None, body: str | None = None) -> Wish:
    return Wish(Verb.COMMAND, name, arguments or {}, body)


READ = {
    Kind.MACRO: command("Macros.Macro.Get"),
    Kind.PANEL: command("UserInterface.Extensions.Export"),
}
WRITES = {
    Kind.MACRO: ("Macros Macro Save", "Macros Macro Activate", "Macros Macro Deactivate", "Macros Macro Remove", "Macros Runtime Restart"),
    Kind.PANEL: ("UserInterface Extensions Panel Save", "UserInterface Extensions Panel Remove"),
}  # fmt: skip
_ARGUMENTS: dict[str, dict[str, str]] = {"Macros Runtime Restart": {}}
_RUNTIME = {"start": "Macros.Runtime.Start", "stop": "Macros.Runtime.Stop", "restart": "Macros.Runtime.Restart"}


def _rows(answer: Any, name: str) -> list[Mapping[str, Any]]:
    found = answer.get(name, []) if isinstance(answer, Mapping) else []
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, Mapping)]


def _whole(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _truth(value: Any) -> bool | None:
    return {"true": True, "on": True, "false": False, "off": False}.get(str(value).lower())


def read_listed(kind: Kind, answer: Any) -> list[Listed]:
    if kind is Kind.MACRO:
        rows = [row for row in _rows(answer, "Macro") if row.get("Name")]
        return sorted((Listed(str(row["Name"]), _truth(row.get("Active"))) for row in rows), key=lambda one: one.name)
    return [
        Listed(id, None, str(panel.get("Name", "")), str(panel.get("Location", "")))
        for id, panel in panels_of(answer).items()
    ]


def read_runtime(answer: Any) -> Runtime:
    got = answer if isinstance(answer, Mapping) else {}
    return Runtime(_whole(got.get("ActiveMacros")), _whole(got.get("Crashes")), _truth(got.get("Running")))


def read_log(answer: Any) -> list[LogLine]:
    """The newest last."""
    words = ("Timestamp", "Level", "Macro", "Message")
    return [LogLine(*(str(row.get(word, "")) for word in words)) for row in _rows(answer, "Log")]


def check(kind: Kind, name: str, text: str, others: list[str] | None = None) -> list[Finding]:
    """What our own light checks say."""
    return lint_macro(text, others or ()) if kind is Kind.MACRO else lint_panel(text, name)


class Extensions:
    """``seal``: closes what is kept; macros hold passwords more often than they should."""

    def __init__(self, db: Database, clock: Clock, seal: Seal) -> None:
        self._db = db
        self._clock = clock
        self._seal = seal

    # -- what the device has -------------------------------------------------------------------------

    async def listed(self, ask: Ask, kind: Kind) -> list[Listed]:
        return read_listed(kind, await ask(READ[kind]))

    async def text(self, ask: Ask, room: RoomId, kind: Kind, name: str) -> Text:
        """What the device has now under a name; raises NotFound. One that the hub does not know is kept as seen."""
        found = await self._now(ask, kind, name)
        if found is None:
            raise NotFound(f"The room has no {kind.value} of this name.")
        await self._keep(room, found, "seen", None)
        return found

    async def _now(self, ask: Ask, kind: Kind, name: str) -> Text | None:
        if kind is Kind.PANEL:
            export = await ask(READ[kind])
            panel = panels_of(export).get(name)
            if panel is None:
                return None
            text = write(panel, version_of(export))
            return Text(kind, name, text, digest_of(text))
        rows = _rows(await ask(READ[kind]), "Macro")  # one that is not there is an error of the device's own wording
        if name not in {str(row.get("Name")) for row in rows}:
            return None
        answer = await ask(command("Macros.Macro.Get", {"Name": name, "Content": "True"}))
        for row in _rows(answer, "Macro"):
            if row.get("Name") == name:
                text = str(row.get("Content", ""))
                return Text(kind, name, text, digest_of(text), _truth(row.get("Active")))
        return None

    async def panels(self, ask: Ask) -> dict[str, str]:
        """All of them, each as a document of its own."""
        export = await ask(READ[Kind.PANEL])
        return {id: write(panel, version_of(export)) for id, panel in panels_of(export).items()}

    async def runtime(self, ask: Ask) -> Runtime:
        return read_runtime(await ask(command("Macros.Runtime.Status")))

    async def log(self, ask: Ask) -> list[LogLine]:
        return read_log(await ask(command("Macros.Log.Get")))

    async def allowed(self, ask: Ask, kind: Kind) -> dict[str, Verdict]:
        """What the site would say to each change, asked beforehand; nothing is done."""
        calls = [
            {"verb": "command", "path": name, "arguments": _ARGUMENTS.get(name, _named(kind, "x"))}
            for name in WRITES[kind]
        ]
        answer = await ask(command("Roomgate.Allowed.Get", body=json.dumps(calls)))
        told = _rows(answer, "Verdicts")
        if len(told) != len(calls):
            return {}
        words = ("verdict", "rule", "words")
        return {
            name: Verdict(*(str(one.get(word, "")) for word in words))
            for name, one in zip(WRITES[kind], told, strict=True)
        }

    # -- changing it -----------------------------------------------------------------------------------

    async def save(
        self,
        ask: Ask,
        room: RoomId,
        kind: Kind,
        name: str,
        text: str,
        by: PersonId,
        *,
        expected: str | None,
        anyway: bool = False,
    ) -> Text:
        """Save a text over the one with the digest ``expected`` ("": there is none yet; None: whatever is there).

        Raises BadName, Faulty, and Differs where the device has another: then nothing was done. What is there after
        it is read back and kept: a device writes panels in its own way. Nothing runs by it that did not run before.
        """
        if said := refuse_name(kind, name):
            raise BadName(said)
        findings = check(kind, name, text)
        unreadable = kind is Kind.PANEL or any(one.code in ("lint.size", "lint.control") for one in findings)
        if any(one.kind == "bad" for one in findings) and (unreadable or not anyway):
            raise Faulty(findings)
        before = await self._now(ask, kind, name)
        if expected is not None and (before.digest if before else "") != expected:
            if before:
                await self._keep(room, before, "seen", None)
            raise Differs("Somebody else has changed it since you read it.")
        if before:
            await self._keep(room, before, "seen", None)
        if kind is Kind.MACRO:
            wish = command("Macros.Macro.Save", {"Name": name, "Overwrite": "True"}, text)
        else:
            wish = command("UserInterface.Extensions.Panel.Save", {"PanelId": name}, text)
        await ask(wish)
        after = await self._now(ask, kind, name) or Text(kind, name, text, digest_of(text))
        await self._keep(room, after, "saved", by)
        return after

    async def remove(
        self, ask: Ask, room: RoomId, kind: Kind, name: str, by: PersonId, *, expected: str | None = None
    ) -> int:
        """Remove it from the device; gives the number of the version that puts it back. Raises NotFound, Differs."""
        before = await self._now(ask, kind, name)
        if before is None:
            raise NotFound(f"The room has no {kind.value} of this name.")
        if expected is not None and before.digest != expected:
            await self._keep(room, before, "seen", None)
            raise Differs("Somebody else has changed it since you read it.")
        gone = "Macros.Macro.Remove" if kind is Kind.MACRO else "UserInterface.Extensions.Panel.Remove"
        await ask(command(gone, _named(kind, name)))
        return await self._keep(room, before, "removed", by)

    async def set_active(self, ask: Ask, name: str, active: bool) -> str:
        """Macros alone. It counts from the next start of the engine, which is asked for at once.

        Gives why the engine was not started, or nothing: the macro itself is switched by then.
        """
        await ask(command(f"Macros.Macro.{'Activate' if active else 'Deactivate'}", {"Name": name}))
        try:
            await ask(command(_RUNTIME["restart"]))
        except RoomgateError as not_started:
            return not_started.message
        return ""

    async def run_engine(self, ask: Ask, what: str) -> None:
        """start, stop, restart; or clear-log. Raises BadInput for another word."""
        if what == "clear-log":
            await ask(command("Macros.Log.Clear"))
        elif what in _RUNTIME:
            await ask(command(_RUNTIME[what]))
        else:
            raise BadInput("The engine can be started, stopped and restarted.")

    # -- what was kept -------------------------------------------------------------------------------

    async def versions(self, ask: Ask, room: RoomId, kind: Kind, name: str) -> list[Version]:
        """The newest first; with what the device has now, if the hub did not know it. Raises NotFound."""
        now = await self._now(ask, kind, name)
        if now is not None:
            await self._keep(room, now, "seen", None)
        found = await self._db.read(lambda conn: store.every(conn, room, kind, name))
        if not found:
            raise NotFound(f"The room has no {kind.value} of this name.")
        return found

    async def removed(self, room: RoomId, kind: Kind, listed: list[Listed]) -> list[Version]:
        """What the hub kept and the device has no more. ``listed``: what it has, as it was just asked."""
        here = {one.name for one in listed}
        found = await self._db.read(lambda conn: store.newest_of_all(conn, room, kind))
        return [one for one in found if one.name not in here]

    async def kept(self, ask: Ask, room: RoomId, kind: Kind, name: str, number: int) -> str:
        """The text of one version. Raises NotFound; and as the ask does by which it is decided."""
        await ask(READ[kind])
        return await self._opened(room, kind, name, number)

    async def two(self, ask: Ask, room: RoomId, kind: Kind, name: str, old: int, new: int) -> tuple[str, str]:
        """The texts of two versions, to be compared; the number 0 is nothing at all."""
        await ask(READ[kind])
        one, other = [await self._opened(room, kind, name, number) if number else "" for number in (old, new)]
        return one, other

    async def _opened(self, room: RoomId, kind: Kind, name: str, number: int) -> str:
        sealed = await self._db.read(lambda conn: store.sealed(conn, room, kind, name, number))
        plain = None if sealed is None else self._seal.open(sealed, _about(room, kind, name, number))
        if plain is None:
            raise NotFound("There is no such version.")
        return zlib.decompress(plain).decode("utf-8", "surrogatepass")

    async def roll_back(
        self, ask: Ask, room: RoomId, kind: Kind, name: str, number: int, by: PersonId, *, expected: str | None = None
    ) -> Text:
        """Save an earlier version again, whatever our checks say of it: it has been there before."""
        text = await self.kept(ask, room, kind, name, number)
        return await self.save(ask, room, kind, name, text, by, expected=expected, anyway=True)

    async def _keep(self, room: RoomId, text: Text, how: str, by: PersonId | None) -> int:
        """Keep a text unless it is the newest already; gives its number."""
        plain = zlib.compress(text.text.encode("utf-8", "surrogatepass"))
        at, now = iso(self._clock.now()), self._clock.now()
        last = await self._db.read(lambda conn: store.newest(conn, room, text.kind, text.name))
        if how == "seen" and last is not None and last.digest == text.digest and last.how != "removed":
            return last.number

        def unit(conn: Any) -> int:
            newest = store.newest(conn, room, text.kind, text.name)
            number = newest.number + 1 if newest else 1
            version = Version(text.name, number, text.digest, how, by, now)
            sealed = self._seal.close(plain, _about(room, text.kind, text.name, number))
            store.add(conn, room, text.kind, version, sealed, at)
            store.forget(conn, room, text.kind, text.name, number - MOST_VERSIONS)
            return number

        return await self._db.write(unit)


def _named(kind: Kind, name: str) -> dict[str, str]:
    return {"Name": name} if kind is Kind.MACRO else {"PanelId": name}


def _about(room: RoomId, kind: Kind, name: str, number: int) -> str:
    """What a sealed text belongs to: moved to another room, name or number, it does not open."""
    return json.dumps(["text", room, kind.value, name, number])
