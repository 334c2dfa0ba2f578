"""Where alerts are sent to: each begins and ends there once, in order, until it is taken, over a fall as well."""

from pathlib import Path

import pytest

from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.alerts.address import Address, BadAddress
from roomgate.hub.alerts.routes import AlertRoutes
from roomgate.hub.alerts.sender import Sender
from roomgate.hub.identity.person import Forbidden
from roomgate.hub.identity.sealing import Seal
from support.console import Console, console
from support.hub import kept_bytes

pytestmark = pytest.mark.asyncio
FAN = {"Diagnostics": {"Message": [{"id": 1, "Level": "Error", "Type": "Fan", "Description": "The fan stands."}]}}


class Post(Sender):
    """Says what it was given to send. ``refuses``: by a part of the address."""

    def __init__(self) -> None:
        super().__init__([])
        self.sent: list[str] = []
        self.refuses = "nowhere"

    async def check(self, address: Address) -> None:
        if "bad" in address.url:
            raise BadAddress("No.")

    async def send(self, address: Address, title: str, body: str) -> str:
        if self.refuses and self.refuses in address.url:
            return "The receiver answered 500."
        self.sent.append(f"{title}\n{body}")
        return ""


def routes_of(it: Console, post: Post) -> AlertRoutes:
    parts = it.hub.parts
    return AlertRoutes(
        parts.db, parts.changes, parts.clock, parts.alerts, Seal(parts.keys.order), post, "https://hub.example"
    )


async def look(it: Console, status: dict[str, object]) -> None:
    await it.state("oslo", status)
    await it.hub.parts.alerts.look(it.hub.parts.rooms.ids())


async def test_an_alert_begins_and_ends_once_at_each_route(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        post = Post()
        routes = routes_of(it, post)
        await look(it, FAN)  # from before the route
        await look(it, {})
        await routes.add("desk", "https://hooks.example/SECRET", [], it.hub.admin)
        await routes.add("away", "https://hooks.example/away", ["connector.away"], it.hub.admin)
        await look(it, FAN)
        await routes.deliver()
        await routes.deliver()
        assert len(post.sent) == 1
        assert post.sent[0].startswith("oslo: device.problem (warning)\nThe fan stands.")
        (alert,) = await it.hub.parts.alerts.open_for(it.hub.admin)
        assert post.sent[0].endswith(f"https://hub.example/alerts#{alert.id}\n{alert.id} raised")
        await look(it, {})
        await routes.deliver()
        assert post.sent[1].endswith(f"{alert.id} ended")
        assert b"SECRET" not in kept_bytes(tmp_path)
        assert [e.what for e in await it.hub.events() if e.kind == "alert-route.changed"] == ["added", "added"]


async def test_what_is_not_taken_is_sent_again_later_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        post = Post()
        routes = routes_of(it, post)
        await routes.add("a", "https://hooks.example/nowhere", [], it.hub.admin)
        await routes.add("b", "https://hooks.example/fine", [], it.hub.admin)
        await look(it, FAN)
        await routes.deliver()
        assert len(post.sent) == 1
        assert [one.last_words for one in await routes.list_for(it.hub.admin) if one.name == "a"] == [
            "The receiver answered 500."
        ]
        post.refuses = ""
        await routes.deliver()
        assert len(post.sent) == 1  # not yet
        it.hub.clock.advance(6)
        await routes.deliver()
        assert len(post.sent) == 2
        assert [one.last_words for one in await routes.list_for(it.hub.admin)] == ["", ""]


async def test_a_killed_hub_sends_what_it_owes_and_nothing_that_is_old(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        post = Post()
        await routes_of(it, post).add("a", "https://hooks.example/x", [], it.hub.admin)
        await look(it, FAN)
        again = routes_of(it, post)  # whoever was there before is gone, with all that it knew
        await again.deliver()
        assert len(post.sent) == 1
        await look(it, {})
        it.hub.clock.advance(25 * 3600)
        await again.deliver()
        assert len(post.sent) == 1
        await it.hub.parts.db.write(lambda conn: None)


async def test_who_may_keep_routes_and_what_is_refused(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.hub.person("kim", "service-desk")
        kim, _ = await it.hub.sign_in("kim")
        post = Post()
        routes = routes_of(it, post)
        made = await routes.add("a", "https://hooks.example/x", ["room.offline"], it.hub.admin)
        assert (made.address, made.kinds) == ("jsons://hooks.example/…", ("room.offline",))
        for deed in (
            routes.list_for(kim),
            routes.add("b", "https://x", [], kim),
            routes.test("a", kim),
            routes.remove("a", kim),
        ):
            with pytest.raises(Forbidden):
                await deed
        for name, address, kinds, fault in (
            ("", "https://x", [], BadInput), ("b", "https://x", ["what"], BadInput), ("b", "file:///x", [], BadAddress),
            ("b", "https://bad", [], BadAddress), ("a", "https://x", [], Conflict),
        ):  # fmt: skip
            with pytest.raises(fault):
                await routes.add(name, address, kinds, it.hub.admin)
        assert (await routes.test("a", it.hub.admin)).last_words == ""
        post.refuses = "hooks"
        assert (await routes.test(made.id, it.hub.admin)).last_words == "The receiver answered 500."
        await routes.remove("a", it.hub.admin)
        for deed in (routes.test("a", it.hub.admin), routes.remove("a", it.hub.admin)):
            with pytest.raises(NotFound):
                await deed


async def test_an_address_that_another_key_sealed_is_told(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        routes = routes_of(it, Post())
        await routes.add("a", "https://hooks.example/x", [], it.hub.admin)
        routes._seal.open = lambda *_: None  # type: ignore[method-assign]
        assert "add the route again" in (await routes.test("a", it.hub.admin)).last_words
        assert [one.address for one in await routes.list_for(it.hub.admin)] == ["?"]
