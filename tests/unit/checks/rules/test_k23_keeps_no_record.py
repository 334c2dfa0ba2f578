"""Each act must be on record with who, what, when and where; what is no record is not judged."""

import json
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
from hypothesis import given, settings

from roomgate.checks.outcome import Outcome
from roomgate.checks.pace import HandTime
from roomgate.checks.rules.k23_keeps_no_record import ACT, BEFORE, CHECK, RECORD, TAMPER, judge
from roomgate.clock import iso
from support.checks import ONE, target_of
from support.site_looks import Hands, finding_of, odd_snapshots

TEXT = f"""{ONE}
[K23]
delay_s = 120
record = {{request = {{url = "https://target.example/log"}}}}
[[K23.acts]]
name = "open the room"
who = ["anna@example.com", "Anna"]
what = ["opened", "access"]
where = ["Birch"]
deed = {{request = {{method = "POST", url = "https://target.example/open"}}}}
[[K23.acts]]
name = "a stranger's try"
who = ["192.0.2.7", "anonymous"]
what = ["refused"]
where = ["Birch"]
refused = true
deed = {{request = {{method = "POST", url = "https://target.example/stranger"}}}}
"""
GOOD = {
    "/open": {"who": "anna@example.com", "what": "room.opened", "where": "Birch"},
    "/stranger": {"who": "anonymous", "what": "refused", "where": "birch"},
}


@dataclass
class Vendor:
    """Keeps a record. ``late_s``: when an entry is in it; ``drops``: members, or acts, that it does not keep."""

    time: HandTime = field(default_factory=HandTime)
    drops: tuple[str, ...] = ()
    late_s: float = 0.0
    slow_by_s: float = 0.0
    form: str = "json"
    page: str | None = None
    opens: int = 200
    entries: list[tuple[float, dict[str, str]]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/log":
            return httpx.Response(200, text=self.page if self.page is not None else self.told())
        if path not in self.drops:
            at = iso(self.time.now() + timedelta(seconds=self.slow_by_s))
            kept = {name: value for name, value in (GOOD[path] | {"when": at}).items() if name not in self.drops}
            self.entries.append((self.time.monotonic() + self.late_s, kept))
        return httpx.Response(self.opens if path == "/open" else 403)

    def told(self) -> str:
        rows = [row for due, row in self.entries if due <= self.time.monotonic()]
        if self.form == "json":
            return json.dumps({"entries": rows, "generated": iso(self.time.now())})
        if self.form == "odd times":
            return "\n".join(f"03/10/26 9:00 AM {row['who']} {row['what']} {row['where']}" for row in rows)
        return "\n".join(" | ".join(row.values()) for row in rows)


async def found(vendor: Vendor, text: str = TEXT, **more):
    return await finding_of(CHECK, text, answers=vendor, time=vendor.time, **more)


@pytest.mark.asyncio
@pytest.mark.parametrize("vendor", [Vendor(), Vendor(form="lines"), Vendor(late_s=90), Vendor(slow_by_s=60)])
async def test_a_whole_record_passes(vendor):
    one = await found(vendor)
    assert one.outcome is Outcome.PASS
    assert one.table[0] == {"act": "open the room", "who": "yes", "what": "yes", "when": "yes", "where": "yes"}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("flaw", "lacks"),
    [
        ({"drops": ("/open", "/stranger")}, ["open the room: is not on record", "a stranger's try: is not on record"]),
        ({"drops": ("/stranger",)}, ["a stranger's try: is not on record"]),
        ({"drops": ("who",)}, ["open the room: the record lacks who", "a stranger's try: the record lacks who"]),
        ({"drops": ("when",)}, ["open the room: the record lacks when", "a stranger's try: the record lacks when"]),
        ({"drops": ("where",), "form": "lines"}, ["open the room: the record lacks where", "a stranger's try: the record lacks where"]),
        ({"slow_by_s": 3600}, ["open the room: the record lacks when", "a stranger's try: the record lacks when"]),
        ({"page": "[]"}, ["open the room: is not on record", "a stranger's try: is not on record"]),
        ({"page": ""}, ["open the room: is not on record", "a stranger's try: is not on record"]),
        ({"late_s": 400}, ["open the room: is not on record", "a stranger's try: is not on record"]),
    ],
)  # fmt: skip
async def test_what_is_missing_fails(flaw, lacks):
    one = await found(Vendor(**flaw))
    assert one.outcome is Outcome.FAIL
    assert [f"{point.where}: {point.what}" for point in one.points] == lacks
    assert len(one.table) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "flaw",
    [
        {"page": "<html><form><input type=password></form></html>"},
        {"page": "<html><body><div id=root></div></body></html>"},
        {"page": '{"error": "sign in"}'},
        {"opens": 500},
        {"form": "odd times"},
        {"page": "x" * 3_000_000},
    ],
)
async def test_what_is_no_record_is_not_judged(flaw):
    assert (await found(Vendor(**flaw))).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_the_record_is_asked_for_no_longer_than_it_may_take():
    vendor = Vendor(drops=("/open",))
    began = vendor.time.monotonic()
    await found(vendor)
    assert 120 <= vendor.time.monotonic() - began <= 140


@pytest.mark.asyncio
async def test_and_not_longer_than_it_takes():
    vendor = Vendor(late_s=25)
    began = vendor.time.monotonic()
    assert (await found(vendor)).outcome is Outcome.PASS
    assert 25 <= vendor.time.monotonic() - began <= 45


@pytest.mark.asyncio
async def test_what_somebody_did_a_moment_ago_is_not_the_act():
    vendor = Vendor(drops=("/open",))
    vendor.entries.append((0.0, GOOD["/open"] | {"when": iso(vendor.time.now())}))
    one = await found(vendor)
    assert (one.outcome, [point.where for point in one.points]) == (Outcome.FAIL, ["open the room"])


@pytest.mark.asyncio
async def test_the_same_line_once_more_is_a_new_one():
    vendor = Vendor(form="lines")
    same = {"when": vendor.time.now().strftime("%Y-%m-%d %H:%M"), "what": "anna opened Birch"}
    vendor.entries.append((0.0, same))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/open":
            vendor.entries.append((0.0, same))
            return httpx.Response(200)
        return vendor(request)

    one = await finding_of(CHECK, TEXT, answers=answer, time=vendor.time)
    assert one.outcome is Outcome.PASS


@pytest.mark.asyncio
@pytest.mark.parametrize(("says", "word"), [("yes", "can be proved"), ("no", "cannot be proved")])
async def test_tamper_evidence_is_asked_for(says, word):
    one = await found(Vendor(), voice=Hands(says=[says]))
    assert one.outcome is Outcome.PASS
    assert [word in point.what for point in one.points] == [True]


@pytest.mark.asyncio
@pytest.mark.parametrize(("program", "word"), [("true", "is proved"), ("false", "could not be proved")])
async def test_tamper_evidence_is_tried(program, word):
    one = await found(Vendor(), TEXT.replace("delay_s", f'tamper_evidence = {{command = ["{program}"]}}\ndelay_s'))
    assert [word in point.what for point in one.points] == [True]


def test_the_file_may_lack_something():
    assert "K23" in CHECK.look.needs(target_of(ONE))
    assert "same name" in CHECK.look.needs(target_of(TEXT.replace("a stranger's try", "open the room")))
    no_way = TEXT.replace('record = {request = {url = "https://target.example/log"}}', "record = {}")
    assert "record" in CHECK.look.needs(target_of(no_way))


@settings(max_examples=40)
@given(odd_snapshots([ACT + "open the room", ACT + "a stranger's try", BEFORE, RECORD, TAMPER]))
def test_odd_steps_are_judged(snapshot):
    assert judge(snapshot, target_of(TEXT)).says
    assert judge(snapshot, target_of(ONE)).outcome is Outcome.INCONCLUSIVE
