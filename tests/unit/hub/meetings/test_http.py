"""The API of meetings, over a site that answers by rote."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from roomgate.link.messages import Outcome
from support.console import Console, booking, console
from support.told_meetings import EVENT, EXPLAIN, LIST, SYNC, answer, told

pytestmark = pytest.mark.asyncio


class Client:
    """Somebody with a token."""

    def __init__(self, it: Console, token: str) -> None:
        self.it = it
        self.headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str) -> httpx.Response:
        return await self.it.http.get(f"/api/v1{path}", headers=self.headers)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.it.http.post(f"/api/v1{path}", json=body, headers=self.headers)

    async def delete(self, path: str) -> httpx.Response:
        return await self.it.http.delete(f"/api/v1{path}", headers=self.headers)


async def client(it: Console, name: str, *rooms: str, capability: str = "bookings") -> Client:
    person = await it.hub.person(name)
    for room in rooms:
        await it.hub.grant(name, room, capability=capability)
    _, text = await it.hub.parts.identity.make_token(person.id, 60, "test", it.hub.admin)
    return Client(it, text.reveal())


async def test_meetings_come_by_time_a_page_of_rooms_at_a_time(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("bern", "oslo", "rome")
        now = it.hub.clock.now()
        site.answers[LIST] = answer(
            told(now, "rg-1"), told(now, "rg-2", "Next", minutes=2000), bookings="no-right", words="No."
        )
        bob = await client(it, "bob", "bern", "oslo")
        page = (await bob.get("/meetings?limit=1")).json()
        assert [(one["room"], one["id"], one["button"], one["told_by"]) for one in page["items"]] == [
            ("bern", "rg-1", True, "calendar")
        ]
        assert page["rooms"] == [
            {
                "room": "bern", "told_by": "calendar", "calendar_read": "2026-03-10T08:59:00.000Z",
                "troubles": [{"kind": "put", "words": "No.", "rule": "no-right"}],
            }
        ]  # fmt: skip
        assert len(site.orders) == 1
        rest = (await bob.get(f"/meetings?limit=1&cursor={page['next']}")).json()
        assert ([one["room"] for one in rest["items"]], rest["next"]) == (["oslo"], None)
        every = (await bob.get("/meetings?days=3&q=next")).json()["items"]
        assert [(one["room"], one["title"]) for one in every] == [("bern", "Next"), ("oslo", "Next")]
        assert [one["id"] for one in (await bob.get("/meetings?day=2026-03-11&room=oslo")).json()["items"]] == ["rg-2"]
        assert (await bob.get("/meetings?service=teams")).json()["items"] == []
        assert (await bob.get("/meetings?site=nowhere")).json()["rooms"] == []
        for bad in ("?days=0", "?day=soon", "?limit=0", "?cursor=%C3%A9"):
            assert (await bob.get(f"/meetings{bad}")).status_code == 400, bad
        gone, theirs = await bob.get("/meetings?room=nowhere"), await bob.get("/meetings?room=rome")
        assert gone.status_code == theirs.status_code == 404
        assert gone.json() == theirs.json()


async def test_one_room_and_one_meeting_with_its_reasons(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo", "rome")
        now = it.hub.clock.now()
        site.answers[LIST] = answer(told(now, "rg-1", Private=True, Title="Hush"))
        bob = await client(it, "bob", "oslo")
        found = (await bob.get("/rooms/oslo/meetings")).json()
        assert [(one["title"], one["private"], one["because"][0]["decided"]) for one in found["items"]] == [
            ("", True, "zoom")
        ]
        assert found["room"]["told_by"] == "calendar"
        site.answers[EXPLAIN] = told(now, "rg-1")
        assert (await bob.get("/rooms/oslo/meetings/rg-1")).json()["because"][0]["step"] == "service"
        site.answers[EXPLAIN] = Outcome("", "failed", words="None.")
        assert (await bob.get("/rooms/oslo/meetings/rg-9")).status_code == 404
        site.answers[SYNC] = answer()
        assert (await bob.post("/rooms/oslo/meetings/sync")).json()["told"]["Calendar"]["State"] == "ok"
        assert (await bob.get("/rooms/rome/meetings")).status_code == 404
        assert (await bob.get("/rooms/rome/meetings/rg-1")).status_code == 404
        assert (await bob.post("/rooms/rome/meetings/sync")).status_code == 404
        eve = await client(it, "eve", "oslo", capability="observe")
        assert (await eve.get("/rooms/oslo/meetings")).status_code == 404
        assert (await eve.post("/rooms/oslo/meetings/sync")).status_code == 403


async def test_what_the_devices_list_themselves(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers["Command/Bookings/List"] = {
            "Booking": [booking(it.hub, "b1", "Standup", "536414.110292@zoomcrc.com")]
        }
        bob = await client(it, "bob", "oslo")
        page = (await bob.get("/bookings?room=oslo")).json()
        assert [(one["id"], one["address"], one["told_by"]) for one in page["items"]] == [
            ("b1", "536414.…@zoomcrc.com", "device")
        ]
        assert [order.path[-1] for order in site.orders] == ["List"]
        assert page["next"] is None
        assert (await bob.get("/bookings?day=2026-03-12")).json()["items"] == []
        assert (await bob.get("/bookings?room=rome")).status_code == 404


async def test_an_invitation_is_explained(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        bob = await client(it, "bob")
        said = (await bob.post("/meetings/explain", {"invitation": EVENT, "domains": ["example.com"]})).json()["items"]
        assert [(one["title"], one["join"]["how"]) for one in said] == [("Budget", "sip")]
        said = (await bob.post("/meetings/explain", {"invitation": EVENT, "domains": [], "registered": False})).json()[
            "items"
        ]
        assert said[0]["join"]["how"] == "none"
        no = await bob.post("/meetings/explain", {"invitation": "rubbish"})
        assert (no.status_code, no.json()["code"]) == (400, "meeting.invitation.bad")
        assert (await bob.post("/meetings/explain", {"invitation": EVENT, "dial": True})).status_code == 400
        assert (await bob.post("/meetings/explain", {"invitation": "x" * 200_000})).status_code == 400
        assert (await bob.post("/meetings/explain", {"invitation": "x" * 300_000})).status_code == 413


async def test_a_room_is_booked_given_more_time_checked_in_and_released(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        bob = await client(it, "bob", "oslo")
        for verb, path, body in (
            ("post", "/bookings", {"minutes": 30, "title": "Stand-up", "reason": "we are here"}),
            ("post", "/bookings/rg-1/extend", {"minutes": 15}),
            ("post", "/bookings/rg-1/check-in", None),
            ("post", "/bookings/rg-1/end", None),
            ("delete", "/bookings/rg-1", None),
        ):
            made = await (
                bob.delete(f"/rooms/oslo{path}") if verb == "delete" else bob.post(f"/rooms/oslo{path}", body)
            )
            assert (made.status_code, made.json()["outcome"]) == (200, "done"), path
        assert [(order.path[-1], dict(order.arguments)) for order in site.orders] == [
            ("Book", {"Duration": 30, "Title": "Stand-up"}), ("Extend", {"Duration": 15, "Id": "rg-1"}),
            ("CheckIn", {"Id": "rg-1"}), ("CheckOut", {"Id": "rg-1"}), ("Delete", {"Id": "rg-1"}),
        ]  # fmt: skip
        assert (await bob.post("/rooms/oslo/bookings", {"minutes": 0})).status_code == 400
        site.answers["Command/Bookings"] = Outcome("", "failed", words="Booking from the room is off")
        no = await bob.post("/rooms/oslo/bookings", {"minutes": 5})
        assert (no.status_code, no.json()["code"], no.json()["detail"]) == (
            409,
            "ask.failed",
            "Booking from the room is off",
        )
        eve = await client(it, "eve", "oslo", capability="observe")
        assert (await eve.post("/rooms/oslo/bookings", {"minutes": 5})).status_code == 403
        assert (await eve.post("/rooms/rome/bookings", {"minutes": 5})).status_code == 404
