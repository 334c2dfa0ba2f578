"""A call that comes by the request alone fails; one that never comes passes only if it comes for who may."""

from dataclasses import dataclass, field

import httpx
import pytest
from hypothesis import given

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k08_call_by_link_alone import ALLOWED, BY_LINK, CHECK, LINK, LOWEST, judge
from support.checks import ONE, target_of
from support.site_looks import DEVICE, DeviceInMemory, finding_of, look_at, odd_snapshots

MUTE = "Status/Audio/Microphones/Mute"
ACCOUNTS = """
[permitted]
intrusive = true
room = "Test room"
callee = "sip:echo@example.com"
[[accounts]]
name = "low"
token = "token-of-low"
[[accounts]]
name = "may"
token = "token-of-may"
"""
PLACE = (
    'place = {method = "POST", url = "https://target.example/call", json = {to = "{callee}"}, '
    'headers = {Authorization = "Bearer token-of-may"}}\n'
)
K08 = f'[K08]\naccount = "low"\nallowed = "may"\n{PLACE}'
TEXT = ONE + DEVICE + ACCOUNTS + K08
MOVE = f"""
[[K08.moves]]
name = "microphone"
path = "{MUTE}"
to = "Off"
request = {{method = "POST", url = "https://target.example/unmute"}}
"""


@dataclass
class Connector:
    """Places calls for those who may. ``room_refuses``: the room's own rules keep every call away."""

    device: DeviceInMemory = field(default_factory=DeviceInMemory)
    lets: tuple[str, ...] = ("Bearer token-of-may",)
    room_refuses: bool = False
    says: int = 200
    elsewhere: str = ""
    history_alone: bool = False
    unmutes: bool = False
    down: bool = False
    by_cookie: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("refused")
        if request.url.path == "/seen":
            return httpx.Response(200, text="in a call" if self.device.calls or self.device.history else "idle")
        if request.url.path == "/d/1":
            return httpx.Response(200, headers={"Set-Cookie": "visit=12345678; Path=/"}, text="a room")
        if request.url.path == "/unmute":
            if self.unmutes:
                self.device.values[MUTE] = "Off"
            return httpx.Response(200)
        if self.by_cookie and "visit=" in request.headers.get("cookie", ""):
            self.device.call("echo@example.com")
            return httpx.Response(200)
        if request.headers.get("authorization", "") not in self.lets:
            return httpx.Response(401)
        if not self.room_refuses:
            assert b"echo@example.com" in request.content
            self.device.call(self.elsewhere or "echo@example.com")
            if self.history_alone:
                self.device.history, self.device.calls = self.device.calls, []
        return httpx.Response(self.says)


async def found(connector: Connector, text: str = TEXT):
    return await finding_of(CHECK, text, answers=connector, reach=connector.device.reach)


@pytest.mark.asyncio
async def test_a_sound_one_passes():
    connector = Connector()
    assert (await found(connector)).outcome is Outcome.PASS
    assert not connector.device.calls


@pytest.mark.asyncio
@pytest.mark.parametrize("history_alone", [False, True])
async def test_a_call_by_the_link_alone_fails_and_is_ended(history_alone):
    connector = Connector(lets=("",), history_alone=history_alone, says=500)
    one = await found(connector)
    assert (one.outcome, one.vector) == (Outcome.FAIL, BY_LINK)
    assert [point.where for point in one.points] == [LINK]
    assert not connector.device.calls


@pytest.mark.asyncio
async def test_a_call_as_the_lowest_account_fails():
    one = await found(Connector(lets=("Bearer token-of-low", "Bearer token-of-may")))
    assert (one.outcome, one.vector) == (Outcome.FAIL, CHECK.vector)
    assert [point.where for point in one.points] == [LOWEST]


@pytest.mark.asyncio
async def test_the_request_goes_without_the_credentials_that_the_file_has_in_it():
    connector = Connector()
    snapshot, _ = await look_at(CHECK, TEXT, answers=connector, reach=connector.device.reach)
    sent = [step.sent for step in snapshot.steps if step.label == "try " + LINK]
    assert sent
    assert not [name for name, _ in sent[0] if name.lower() == "authorization"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("flaw", "says"),
    [
        ({"room_refuses": True}, "mitigate"),
        ({"lets": ()}, "may be wrong"),
        ({"lets": ("",), "elsewhere": "sip:somebody@else.example"}, "may be wrong"),
        ({"down": True}, "could not be seen"),
        ({"device": DeviceInMemory(refuses={"Status/Call"})}, "could not be seen"),
    ],
)
async def test_what_cannot_be_known_is_no_pass(flaw, says):
    one = await found(Connector(**flaw))
    assert one.outcome is Outcome.INCONCLUSIVE
    assert says in one.says


@pytest.mark.asyncio
async def test_what_the_links_page_gives_belongs_to_the_link():
    text = ONE + DEVICE + ACCOUNTS + '[[links]]\nurl = "https://target.example/d/1"\n' + K08
    one = await found(Connector(by_cookie=True), text)
    assert (one.outcome, [point.where for point in one.points]) == (Outcome.FAIL, [LINK])
    assert (await found(Connector(), text)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_nobody_elses_call_is_ended():
    connector = Connector(lets=("",))
    connector.device.call("somebody@else.example")
    one = await found(connector)
    assert (one.outcome, "in a call" in one.says) == (Outcome.INCONCLUSIVE, True)
    assert len(connector.device.calls) == 1


@pytest.mark.asyncio
async def test_a_refusal_alone_proves_nothing():
    one = await found(Connector(), TEXT.replace('allowed = "may"\n', ""))
    assert (one.outcome, "allowed" in one.says) == (Outcome.INCONCLUSIVE, True)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("lets", "outcome"),
    [(("",), Outcome.FAIL), (("Bearer token-of-may",), Outcome.PASS), ((), Outcome.INCONCLUSIVE)],
)
async def test_without_the_device_a_request_tells(lets, outcome):
    text = ONE + ACCOUNTS + K08 + 'placed = {url = "https://target.example/seen", expects = "in a call"}\n'
    assert (await found(Connector(lets=lets), text)).outcome is outcome


@pytest.mark.asyncio
@pytest.mark.parametrize("seen", ["in a call", None])
async def test_a_request_that_tells_nothing_is_no_pass(seen):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/seen":
            return httpx.Response(200 if seen else 500, text=seen or "in a call")
        return connector(request)

    connector = Connector()
    text = ONE + ACCOUNTS + K08 + 'placed = {url = "https://target.example/seen", expects = "in a call"}\n'
    one = await finding_of(CHECK, text, answers=answer, reach=connector.device.reach)
    assert (one.outcome, "could not be seen" in one.says) == (Outcome.INCONCLUSIVE, True)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        ("echo", Outcome.FAIL),
        ("SIP:Echo@Example.com", Outcome.FAIL),
        ("echo@else.example", Outcome.INCONCLUSIVE),
        ("echo2", Outcome.INCONCLUSIVE),
    ],
)
async def test_only_a_call_to_the_callee_counts(number, outcome):
    assert (await found(Connector(lets=("",), elsewhere=number))).outcome is outcome


@pytest.mark.asyncio
async def test_a_lowest_account_need_not_be_named():
    assert (await found(Connector(), TEXT.replace('account = "low"\n', ""))).outcome is Outcome.PASS


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("unmutes", "was", "outcome"),
    [(True, "On", Outcome.FAIL), (False, "On", Outcome.PASS), (True, "Off", Outcome.INCONCLUSIVE)],
)
async def test_a_microphone_that_opens_fails(unmutes, was, outcome):
    connector = Connector(DeviceInMemory(values={MUTE: was}), unmutes=unmutes)
    one = await found(connector, TEXT + MOVE)
    assert one.outcome is outcome
    if outcome is Outcome.FAIL:
        assert [point.where for point in one.points] == ["microphone"]
    assert ("microphone" in one.says) is (outcome is Outcome.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (ONE, "by which request"),
        (ONE + K08.replace('account = "low"\nallowed = "may"\n', ""), "may be called"),
        (ONE + ACCOUNTS + K08, "device"),
        (ONE + ACCOUNTS + K08 + 'link = "gone"\n', "no link gone"),
        (ONE + ACCOUNTS + K08 + 'placed = {url = "https://target.example/"}\n', "expects"),
    ],
)
def test_the_file_may_lack_something(text, word):
    assert word in CHECK.look.needs(target_of(text))


LABELS = [when + who for when in ("before ", "try ", "after ") for who in (LINK, LOWEST, ALLOWED, "move microphone")]


@given(odd_snapshots(LABELS, ["", MUTE]))
def test_odd_steps_are_judged(snapshot):
    assert judge(snapshot, target_of(TEXT + MOVE)).says
    assert judge(snapshot, target_of(ONE)).outcome is Outcome.INCONCLUSIVE
