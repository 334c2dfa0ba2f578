"""The operator's side: whoever runs the double changes people, links and the device here, with a bearer token.

It is what a target file's deeds ask for. Some of it plays others: the identity provider (SCIM, a sign-out behind
the browser's back), and the device's owner.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from roomgate.checks.doubles.device import Bridged
from roomgate.checks.doubles.flaws import Flaw
from roomgate.checks.doubles.service import Service
from roomgate.checks.doubles.wire import Answer, Asked, as_json, plain
from roomgate.errors import RoomgateError
from roomgate.xapi.errors import XapiError

Dial = Callable[[str, int], Awaitable[str]]  # to a device at this address; gives what came of it


@dataclass(slots=True)
class Operator:
    service: Service
    devices: Mapping[str, Bridged]
    dial: Dial
    portal: bool = False  # the administrators' portal of the demonstration

    async def answer(self, asked: Asked) -> Answer | None:
        """None for what is not the operator's."""
        match asked.method, asked.words:
            case "POST", ["portal", act] if self.portal:
                return self._portal(act, asked.form())
            case "POST", ["enrol"]:
                good = self.service.redeem(str(asked.json().get("code", "")))
                self.service.note("a connector", "enrol", where=asked.where, outcome="done" if good else "refused")
                return as_json({"enrolled": good}, 201 if good else 403)
            case _, ["api", "admin", *rest]:
                return await self._guarded(asked, rest)
            case "PATCH", ["scim", "v2", "Users", name]:
                return await self._guarded(asked, ["scim", name])
            case "POST", ["backchannel-logout"]:
                return await self._guarded(asked, ["people", str(asked.json().get("user", "")), "signed-out"])
        return None

    async def _guarded(self, asked: Asked, rest: list[str]) -> Answer:
        expected = f"Bearer {self.service.operator_token}"
        if not secrets.compare_digest(asked.headers.get("authorization", "").encode(), expected.encode()):
            return as_json({"error": "This needs the operator's token."}, 401)
        try:
            done = await self._do(asked, rest)
        except (KeyError, TypeError, ValueError) as bad:
            return as_json({"error": f"{type(bad).__name__}: {bad}"}, 400)
        except (OSError, RoomgateError, XapiError) as bad:
            return as_json({"error": f"{type(bad).__name__}: {bad}"}, 502)
        return done or as_json({"error": "Nothing here."}, 404)

    async def _do(self, asked: Asked, rest: list[str]) -> Answer | None:
        body = asked.json()
        match asked.method, rest:
            case "GET", ["record"]:
                return as_json([asdict(line) for line in self.service.record])
            case "GET", ["record", "verify"]:
                return as_json({"lines": len(self.service.record), "whole": self.service.record_is_whole()})
            case "POST", ["enrolments"]:
                return plain(self.service.issue_code())
            case "POST", ["links"]:
                return plain(self.service.issue(body["owner"], body["room"]).code)
            case _, ["links", code] if code in self.service.links:
                self.service.links[code].revoked = asked.method == "DELETE"
                return _DONE
            case "POST", ["device-password"]:
                return await self._device_password(body)
            case "PUT", ["device"]:
                return as_json({"device": await self.dial(str(body["host"]), int(body["port"]))})
            case "POST", ["uninstall" | "install" as what]:
                return await self._install(what == "install")
            case "GET", ["room", room, "screen"] if room in self.devices:
                return plain(await self.devices[room].shown())
            case "GET", ["room", room, "calls"] if room in self.devices:
                return as_json({"calls": await self.devices[room].calls()})
            case "POST", ["room", room, "hang-up"] if room in self.devices:
                return as_json({"done": await self.devices[room].command("Call Disconnect", {})})
            case "POST", ["people"]:
                self.service.add_person(
                    body["name"], body["password"], body.get("role", "user"), frozenset(body.get("rooms", []))
                )
                return self._noted("person.add", body["name"])
            case _, [("people" | "scim") as kind, name, *what] if name in self.service.people:
                return self._person(asked, name, kind if kind == "scim" else " ".join(what) or asked.method, body)
        return None

    def _noted(self, what: str, name: str) -> Answer:
        self.service.note("operator", what, where=name)
        return _DONE

    def _person(self, asked: Asked, name: str, what: str, body: dict[str, Any]) -> Answer | None:
        """Change somebody, and end what they have open."""
        person, cut = self.service.people[name], self.service.cut
        match what:
            case "DELETE":
                del self.service.people[name]
                cut(name, "deleted")
            case "password":
                person.password = str(body["password"])
                cut(name, "admin-password" if person.role == "administrator" else "own-password")
            case "disable" | "enable":
                person.active = what == "enable"
                if not person.active:
                    cut(name, "disabled")
            case "scim":
                person.active = all(_is_on(one.get("value")) for one in body["Operations"])
                if not person.active:
                    cut(name, "scim-disabled")
            case "role":
                person.role, person.rooms = str(body["role"]), frozenset(body.get("rooms", []))
                cut(name, "role-removed")
            case "grants":
                person.rooms = frozenset(body["rooms"])
                cut(name, "grant-removed")
            case "lock":
                person.active = False
                cut(name, "lock")
            case "end-sessions":
                cut(name, "session-ended")
            case "signed-out":
                cut(name, "signed-out")
            case _:
                return None
        return self._noted(f"person.{what}", name)

    async def _device_password(self, body: dict[str, Any]) -> Answer:
        """The device's owner changes it; with ``told``, the connector is given the new one as well."""
        for device in self.devices.values():
            await device.change_password(str(body["password"]))
        if body.get("told"):
            self.service.reopen_device()
        else:
            self.service.shut_device()
        self.service.note("the device's owner", "device.password")
        return _DONE

    async def _install(self, there: bool) -> Answer:
        """Without the connector, nothing of it may be left: no link, no macro, no account."""
        leaves = self.service.has(Flaw.LEAVES_TRACES)
        self.service.installed = there or leaves
        for device in self.devices.values():
            if there:
                await device.install()
            elif not leaves:
                await device.uninstall()
        self.service.note("operator", "install" if there else "uninstall")
        return _DONE

    def _portal(self, act: str, form: Mapping[str, str]) -> Answer:
        """Administrators with passwords, who make links."""
        people = self.service.people
        who = people.get(form.get("user", ""))
        if who is None or who.role != "administrator" or who.password != form.get("password"):
            return plain("No", 403)
        match act:
            case "link":
                room = next(iter(self.devices))
                return plain(self.service.issue(who.name, room).code)
            case "password":
                who.password = form.get("new", who.password)
                self.service.cut(who.name, "admin-password")
            case "add" if form.get("new"):
                rooms = frozenset(self.devices)
                self.service.add_person(form["new"], form.get("new_password", ""), "administrator", rooms)
            case "remove" if form.get("who") in people:
                del people[form["who"]]
                self.service.cut(form["who"], "deleted")
            case _:
                return plain("Nothing here", 404)
        return plain("Done")


def _is_on(value: Any) -> bool:
    return value not in (False, "False", "false", {"active": False})


_DONE = as_json({"done": True})
