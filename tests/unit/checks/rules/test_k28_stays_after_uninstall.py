"""Whatever of a connector is still there after it was uninstalled fails: a link, an account, a macro, a slot."""

import json
from dataclasses import dataclass, field

import httpx
import pytest
from hypothesis import given, settings

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k28_stays_after_uninstall import AFTER, BASELINE, BEFORE, CHECK, TRACES, judge
from support.checks import ONE, target_of
from support.site_looks import DEVICE, DeviceInMemory, Hands, finding_of, odd_snapshots

LINK = "https://target.example/d/1"
LINKS = f"""
[[links]]
url = "{LINK}"
marker = "room-4711"
"""
READS = f'reads = [{{url = "{LINK}/volume", expects = "volume"}}]\n'
K28 = """
[K28]
accounts = ["bridge"]
macros = ["vendor-"]
panels = ["vendor_"]
feedback = ["https://vendor.example/"]
uninstall = {say = "uninstall"}
reinstall = {say = "install"}
"""
TEXT = ONE + DEVICE + LINKS + READS + K28


def full() -> DeviceInMemory:
    return DeviceInMemory(
        users=[("auditor", "Admin"), ("bridge", "Admin")],
        sessions=[("1", "auditor"), ("2", "bridge")],
        macros=["vendor-join", "lights"],
        panels=["vendor_panel", "lights"],
        slots=["https://vendor.example/hook", "https://lights.example/"],
    )


@dataclass
class Connector:
    """On a device, with a link. ``leaves``: what is there still after it was uninstalled."""

    leaves: tuple[str, ...] = ()
    device: DeviceInMemory = field(default_factory=full)
    installed: bool = True
    after: int = 404
    other_page: bool = False
    moves_on: bool = False  # its link leads to another page, which is the one that counts
    reads: int = 200  # what its data answers while it is installed

    def do(self, what: str) -> None:
        self.installed = what == "install"
        if self.installed:
            return
        mine = {"users": "bridge", "sessions": "bridge", "macros": "vendor-", "panels": "vendor_", "slots": "https://v"}
        for name, start in mine.items():
            rows = getattr(self.device, name)
            named = {"users": lambda row: row[0], "sessions": lambda row: row[1]}.get(name, lambda row: row)
            if name not in self.leaves:
                rows[:] = [row for row in rows if not named(row).startswith(start)]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        data = request.url.path.endswith("/volume")
        if request.url.path == "/d/1" and self.moves_on:
            return httpx.Response(302, headers={"Location": "/room"}, text="room-4711 has moved")
        if data and self.reads != 200:
            return httpx.Response(self.reads if self.installed else 404)
        if not self.installed and self.other_page:
            return httpx.Response(200, text="<h1>This account is closed</h1>\nIt had room-4711")
        if self.installed or ("link" in self.leaves) or ("page" in self.leaves and not data):
            return httpx.Response(200, text='{"volume": 50}' if data else "<h1>Room</h1>\nroom-4711\nvolume")
        return httpx.Response(self.after, text="<h1>Room</h1>\nroom-4711\nvolume")


async def found(connector: Connector, text: str = TEXT, **more):
    hands = Hands(connector.do)
    one = await finding_of(CHECK, text, answers=connector, reach=connector.device.reach, voice=hands, **more)
    assert hands.asked == ["uninstall", "install"]
    return one


@pytest.mark.asyncio
async def test_a_clean_leave_passes():
    assert (await found(Connector())).outcome is Outcome.PASS


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("leaves", "where"),
    [
        ("link", LINK + "/volume"),
        ("users", "account bridge"),
        ("sessions", "session of bridge"),
        ("macros", "macro vendor-join"),
        ("panels", "panel vendor_panel"),
        ("slots", "feedback slot https://vendor.example/hook"),
    ],
)
async def test_each_trace_fails(leaves, where):
    one = await found(Connector((leaves,)))
    assert (one.outcome, [point.where for point in one.points]) == (Outcome.FAIL, [where])
    assert one.vector == (CHECK.vector if leaves == "link" else TRACES)
    assert one.says.startswith("Its links" if leaves == "link" else "It left traces")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("connector", "outcome"),
    [
        (Connector(("page",)), Outcome.FAIL),
        (Connector(other_page=True), Outcome.INCONCLUSIVE),
        (Connector(after=503), Outcome.INCONCLUSIVE),
        (Connector(after=500), Outcome.INCONCLUSIVE),
        (Connector(), Outcome.PASS),  # though its 404 looks the same
        (Connector(moves_on=True), Outcome.PASS),
        (Connector(("page",), moves_on=True), Outcome.FAIL),
    ],
)
async def test_a_link_without_data_is_judged_by_its_page(connector, outcome):
    assert (await found(connector, TEXT.replace(READS, ""))).outcome is outcome


@pytest.mark.asyncio
@pytest.mark.parametrize("after", [500, 503])
async def test_data_that_is_out_of_order_is_not_known(after):
    one = await found(Connector(after=after))
    assert (one.outcome, "could not be asked for" in one.says) == (Outcome.INCONCLUSIVE, True)


@pytest.mark.asyncio
@pytest.mark.parametrize(("leaves", "outcome"), [(("page",), Outcome.FAIL), ((), Outcome.PASS)])
async def test_data_that_was_never_served_leaves_it_to_the_page(leaves, outcome):
    assert (await found(Connector(leaves, reads=403))).outcome is outcome


@pytest.mark.asyncio
async def test_a_page_that_serves_no_data_any_more_is_dead():
    assert (await found(Connector(("page",)))).outcome is Outcome.PASS


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("text", "word"),
    [
        (ONE + DEVICE + K28, "no link"),
        (TEXT.replace("room-4711", "room-9").replace(READS, ""), "did not show"),
        (TEXT.replace("bridge", "else").replace("vendor", "else"), "nothing of it was"),
    ],
)
async def test_what_cannot_be_known_is_no_pass(text, word):
    one = await found(Connector(), text)
    assert one.outcome is Outcome.INCONCLUSIVE
    assert word in one.says


@pytest.mark.asyncio
async def test_a_list_that_the_device_refuses_is_no_pass():
    connector = Connector(device=full())
    connector.device.refuses = {"Macros.Macro.Get"}
    one = await found(connector)
    assert (one.outcome, "macros" in one.says) == (Outcome.INCONCLUSIVE, True)


BASE = """
[K28]
before_install = "lists.json"
others = ["lights"]
uninstall = {say = "uninstall"}
reinstall = {say = "install"}
"""


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("leaves", "where"),
    [((), []), (("macros",), ["macro vendor-join"]), (("users",), ["account bridge"])],
)
async def test_what_was_not_there_before_is_its_own(tmp_path, leaves, where):
    lists = {"users": ["auditor"], "macros": [], "panels": ["lights"], "feedback": ["https://lights.example/"]}
    (tmp_path / "lists.json").write_text(json.dumps(lists))
    one = await found(Connector(leaves), ONE + DEVICE + LINKS + READS + BASE, folder=tmp_path)
    assert one.outcome is (Outcome.FAIL if where else Outcome.PASS)
    assert [point.where for point in one.points] == where


@pytest.mark.asyncio
@pytest.mark.parametrize("lists", ["[]", "{", None])
async def test_lists_that_cannot_be_read_are_no_pass(tmp_path, lists):
    if lists is not None:
        (tmp_path / "lists.json").write_text(lists)
    connector = Connector()
    text = ONE + DEVICE + LINKS + BASE
    one = await finding_of(CHECK, text, answers=connector, reach=connector.device.reach, folder=tmp_path)
    assert (one.outcome, "before_install" in one.says) == (Outcome.INCONCLUSIVE, True)
    assert connector.installed


def test_the_file_may_lack_something():
    assert "uninstalled" in CHECK.look.needs(target_of(ONE))
    assert "accounts" in CHECK.look.needs(target_of(ONE + "[K28]\nothers = []\n"))
    assert "device" in CHECK.look.needs(target_of(ONE + K28))
    assert "every name" in CHECK.look.needs(target_of(TEXT.replace('"vendor-"', '""')))


@settings(max_examples=40)
@given(odd_snapshots([BEFORE, AFTER, BASELINE, "page before", "page after", "read before", "read after"], ["", LINK]))
def test_odd_steps_are_judged(snapshot):
    assert judge(snapshot, target_of(TEXT)).says
    assert judge(snapshot, target_of(ONE)).outcome is Outcome.INCONCLUSIVE
