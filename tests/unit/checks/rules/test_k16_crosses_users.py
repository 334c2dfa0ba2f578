"""What is A's is asked for as B and as nobody: served is a crossing, unless everybody is shown the same anyway."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k16_crosses_users import CHECK, needs, other_of
from roomgate.checks.snapshot import Snapshot
from support.checks import ONE, judged, target_of

TWO = (
    ONE
    + """
[[accounts]]
name = "ada"
token = "token-of-ada"

[[accounts]]
name = "bob"
token = "token-of-bob"

[[accounts]]
name = "root"
role = "administrator"
token = "token-of-root"
"""
)
LINK = (
    TWO
    + """
[[links]]
url = "https://target.example/d/7f3a91"
marker = "room-4711"
account = "ada"
reads = [{ url = "https://target.example/api/rooms/7/status", expects = "volume" }]
"""
)
SIGN_IN = "<form method=post><input name=user><input type=password name=pass></form>"
PAGE = "<h1>room-4711</h1>\n<p>The board of the first floor</p>\n<p>Volume 50</p>\n<a href=/>Home</a>"
STATUS = '{"name": "room-4711", "volume": 50, "call": null}'


def who(request: httpx.Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer token-of-")


def serving(*allowed: str, refusal: httpx.Response | None = None, page: str = PAGE, status: str = STATUS):
    """A connector that serves these people; everybody else gets the refusal."""

    def answer(request: httpx.Request) -> httpx.Response:
        if who(request) not in allowed:
            return refusal or httpx.Response(404, text="Nothing here")
        if request.url.path.startswith("/api"):
            return httpx.Response(200, headers={"Content-Type": "application/json"}, text=status)
        return httpx.Response(200, headers={"Content-Type": "text/html"}, text=page)

    return answer


async def outcome(tmp_path, answer, text=LINK):
    return (await judged(tmp_path, answer, text, only=["K16"]))["K16"]


REFUSALS = {
    "not found": httpx.Response(404, text="Nothing here"),
    "forbidden": httpx.Response(403, json={"error": "not yours"}),
    "a sign-in page with 200": httpx.Response(200, text=SIGN_IN),
    "a soft refusal": httpx.Response(200, text="<h1>Sorry</h1>\n<p>This is not yours.</p>"),
    "a soft refusal as data": httpx.Response(200, json={"error": "not yours"}),
    "a refusal that names the room": httpx.Response(403, text="room-4711 is not yours"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_is_one_in_whatever_form(tmp_path, name):
    found = await outcome(tmp_path, serving("ada", refusal=REFUSALS[name]))
    assert found.outcome is Outcome.PASS, found.says


@pytest.mark.asyncio
async def test_what_is_served_to_the_other_is_a_crossing(tmp_path):
    found = await outcome(tmp_path, serving("ada", "bob"))
    assert found.outcome is Outcome.FAIL
    assert [point.where for point in found.points] == [
        "https://target.example/d/7f3a91",
        "https://target.example/api/rooms/7/status",
    ]
    assert all(len(point.steps) == 3 for point in found.points)


@pytest.mark.asyncio
async def test_an_administrator_is_no_other_person(tmp_path):
    found = await outcome(tmp_path, serving("ada", "root"))
    assert found.outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_a_link_that_is_open_to_all_is_another_check_s(tmp_path):
    found = await outcome(tmp_path, serving("ada", "bob", ""))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "K01" in found.points[0].what


@pytest.mark.asyncio
async def test_nobody_served_tells_nothing(tmp_path):
    assert (await outcome(tmp_path, serving())).outcome is Outcome.INCONCLUSIVE
    assert (await outcome(tmp_path / "b", lambda request: httpx.Response(503))).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_an_answer_that_tells_of_the_room_and_shows_nothing_is_unclear(tmp_path):
    asked = httpx.Response(
        200, text="<h1>Ask for access</h1>\n<p>You have no access to room-4711 (its volume too).</p>\n<a>x</a>"
    )
    found = await outcome(tmp_path, serving("ada", refusal=asked))
    assert found.outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_what_every_page_has_is_no_sight_of_a_room(tmp_path):
    """A refusal within the same menus, which names the room, is mostly the same page; the room is not in it."""
    menu = "<nav>" + "\n".join(f"<a href=/{n}>Part {n}</a>" for n in range(40)) + "</nav>\n"

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/":
            return httpx.Response(200, text=f"{menu}<h1>Your rooms</h1>")
        if request.url.path.startswith("/api"):
            return httpx.Response(200, text=STATUS) if who(request) == "ada" else httpx.Response(404)
        if who(request) in served:
            return httpx.Response(200, text=menu + PAGE)
        return httpx.Response(200, text=f"{menu}<h1>room-4711</h1>\n<p>Ask for access</p>\n<p>It is not yours.</p>")

    served = ["ada"]
    assert (await outcome(tmp_path / "a", answer)).outcome is Outcome.INCONCLUSIVE
    served = ["ada", "bob"]
    assert (await outcome(tmp_path / "b", answer)).outcome is Outcome.FAIL


PAIR = TWO + '[K16]\npairs = [{ url = "https://target.example/mine", account = "ada" }]\n'


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("served", "kind", "expected"),
    [
        (("ada", "bob"), "application/json", Outcome.FAIL),
        (("ada", "bob", ""), "application/json", Outcome.INCONCLUSIVE),  # the same for everybody, signed in or not
        (("ada", "bob"), "text/html", Outcome.INCONCLUSIVE),  # a shell, which a script fills
        (("ada",), "application/json", Outcome.PASS),
    ],
)
async def test_without_a_marker_only_data_tells(tmp_path, served, kind, expected):
    def answer(request: httpx.Request) -> httpx.Response:
        if who(request) not in served:
            return httpx.Response(401, text="Sign in")
        return httpx.Response(200, headers={"Content-Type": kind}, text=STATUS)

    found = await outcome(tmp_path, answer, PAIR)
    assert found.outcome is expected, found.points


@pytest.mark.asyncio
async def test_what_is_shared_by_design_is_left_out(tmp_path):
    shared = LINK + '[K16]\nshared = ["https://target.example/d/7f3a91"]\n'
    found = await outcome(tmp_path, serving("ada", "bob"), shared)
    assert [point.where for point in found.points] == ["https://target.example/api/rooms/7/status"]


def test_what_it_needs():
    assert "two test accounts" in needs(target_of(ONE))
    assert "belongs" in needs(target_of(TWO))
    assert needs(target_of(LINK)) == ""
    target = target_of(LINK)
    assert [getattr(other_of(target, one), "name", None) for one in ("ada", "bob", "root")] == ["bob", "ada", "ada"]
    assert other_of(target, "ada", "nobody") is None


@given(st.text(max_size=20))
def test_nothing_seen_is_no_pass(why):
    assert CHECK.judge(Snapshot(look="crossing", why=why), target_of(LINK)).outcome is Outcome.INCONCLUSIVE


SHELL = "<div id=root></div><script src=/app.js></script>"


def single_page(*allowed: str, shell: str = SHELL):
    """One page for every address and everybody; the data only for these people."""

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith("/api"):
            return httpx.Response(200, headers={"Content-Type": "text/html"}, text=shell)
        return serving(*allowed)(request)

    return answer


@pytest.mark.asyncio
async def test_the_page_that_everybody_gets_is_nobodys_where_its_data_was_asked_for(tmp_path):
    assert (await outcome(tmp_path / "a", single_page("ada"))).outcome is Outcome.PASS
    assert (await outcome(tmp_path / "b", single_page("ada", "bob"))).outcome is Outcome.FAIL
    without = LINK.replace("reads = [", "# reads = [")
    found = await outcome(tmp_path / "c", single_page("ada"), without)
    assert (found.outcome, "name its reads" in found.points[0].what) == (Outcome.INCONCLUSIVE, True)


CHANNEL = """
[[channels]]
name = "my rooms"
expects = "Your rooms"
[channels.request]
url = "https://target.example/rooms"
account = "ada"
"""


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            {"ada": "Your rooms: the Library, 2nd floor", "bob": "Your rooms: the Kitchen, 3rd floor"},
            Outcome.INCONCLUSIVE,
        ),
        ({"ada": "Your rooms: room-4711", "bob": "Your rooms: room-4712"}, Outcome.INCONCLUSIVE),
        ({"ada": "Your rooms: room-4711, at 10:15", "bob": "Your rooms: room-4711, at 10:16"}, Outcome.FAIL),
        ({"ada": "Your rooms: Library, at 10:15", "bob": "Your rooms: Library, at 10:16"}, Outcome.FAIL),
        ({"ada": "Your rooms: Library"}, Outcome.PASS),
    ],
)
async def test_what_a_channel_expects_may_be_a_word_of_everybodys(tmp_path, texts, expected):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/rooms" and who(request) in texts:
            return httpx.Response(200, headers={"Content-Type": "text/html"}, text=texts[who(request)])
        return serving("ada")(request)

    assert (await outcome(tmp_path, answer, LINK + CHANNEL)).outcome is expected
