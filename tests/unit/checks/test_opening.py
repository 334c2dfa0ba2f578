"""What an answer to a link is; the rules of the judgement stand in the tests of K01."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.opening import (
    Served,
    Way,
    chains,
    completed,
    is_common,
    is_made_by_script,
    is_page,
    plain,
    read_answer,
    read_data,
    read_drawn,
    same_page,
    shows,
)
from roomgate.checks.snapshot import Exchange, Render
from roomgate.checks.target import Ask

LINK = "https://a.example/d/9b1f04c7d2e85a63"


def got(body: str = "", status: int = 200, url: str = LINK, **more) -> Exchange:
    kind = more.pop("kind", "text/html")
    headers = (("content-type", kind), *more.pop("headers", ()))
    return Exchange(label="x", t=0.0, at="x", method="GET", url=url, status=status, headers=headers, body=body, **more)


def led(where: str, url: str = LINK) -> Exchange:
    return got(status=302, url=url, headers=(("location", where),))


def test_redirects_are_taken_with_what_they_led_to():
    steps = [led("/a"), got(url="https://a.example/a"), got(), led("/b")]
    assert [len(chain) for chain in chains(steps)] == [2, 1, 1]


def test_where_another_one_was_led_too_is_not_asked_again():
    first = (led("/login?state=1"), got("<input type=password>", url="https://a.example/login?state=1"))
    second = (led("/login?state=2"),)
    whole = completed([first, second])[1]
    assert read_answer(whole, LINK).way is Way.SIGN_IN
    assert completed([second]) == [second]


@pytest.mark.parametrize(
    "body", ["ROOM&nbsp;4711", '{"n": "Room 4711"}', "Room\\u00204711", "Room\n 4711", "&#82;oom 4711"]
)
def test_the_marker_is_found_however_it_is_written(body):
    assert shows(body, "Room 4711", LINK)


def test_the_address_is_no_marker():
    secret = LINK.rsplit("/", 1)[1]
    assert not shows(f"<a href='{LINK}'>x</a> /d/{secret} %2Fd%2F{secret}", secret, LINK)
    assert shows(f"serial {secret}", secret, LINK)
    assert not shows("anything", " ", LINK)


def test_the_same_page_but_for_its_address_tokens_and_numbers():
    other = "https://a.example/d/none0123456789abcdef"
    page = "<p>{} is unknown</p><input name=t value={}><p>Request {}</p>"
    one, two = (
        got(page.format("/d/9b1f04c7d2e85a63", "f" * 32, 17)),
        got(page.format(other[17:], "a" * 32, 18), url=other),
    )
    assert same_page(one, LINK, two, other)
    assert not same_page(one, LINK, got("<h1>Room</h1>", url=other), other)
    assert not same_page(one, LINK, got(one.body, 404, url=other), other)


def test_a_marker_on_the_front_page_is_none():
    front = [got("Company Ltd", url="https://a.example/")]
    assert is_common("Company Ltd", front, LINK)
    assert not is_common("Company Ltd", front, "https://a.example/")
    page = got("<h1>Company Ltd</h1>")
    assert read_answer([page], LINK, "Company Ltd", (), front).way is Way.UNCLEAR
    assert read_answer([page], LINK, "Company Ltd").way is Way.OPEN


def test_any_address_that_opens_the_device_is_no_generic_page():
    control = [got("<h1>Room 4711</h1>", url="https://a.example/d/none")]
    assert read_answer([got("<h1>Room 4711</h1>")], LINK, "Room 4711", control).way is Way.OPEN


def test_an_answer_that_broke_off_proves_nothing():
    assert read_answer([got("", fault="timeout")], LINK, "Room").way is Way.SILENT
    assert read_answer([got("the Room", fault="timeout")], LINK, "Room").way is Way.OPEN


@pytest.mark.parametrize(
    ("step", "let_in", "served"),
    [
        (got('{"name": "Room"}', kind="application/json"), None, Served.YES),
        (got('{"error": "no"}', kind="application/json"), None, Served.UNCLEAR),
        (got('{"error": "no"}', kind="application/json"), '{"name": "Room"}', Served.NO),
        (got('{"name": "x"}', kind="application/json"), '{"name": "Room"}', Served.YES),
        (got("<html>shell</html>"), '{"name": "Room"}', Served.NO),
        (got("<html>shell</html>"), None, Served.UNCLEAR),
        (got("<input type=password>"), None, Served.NO),
        (got("50", kind="text/plain"), None, Served.YES),
        (got("", kind="text/plain"), None, Served.UNCLEAR),
        (got(status=401), None, Served.NO),
        (got(status=302), None, Served.NO),
        (got(status=503), None, Served.UNCLEAR),
        (got(status=0), None, Served.UNCLEAR),
    ],
)
def test_whether_data_was_served(step, let_in, served):
    allowed = [got(let_in, kind="application/json")] if let_in else []
    assert read_data([step], Ask(url=LINK), "", LINK, allowed) is served


def test_what_is_expected_decides():
    assert read_data([got("volume: 50", kind="text/plain")], Ask(url=LINK, expects="volume")) is Served.YES
    assert read_data([got("mute", kind="text/plain")], Ask(url=LINK, expects="volume")) is Served.NO


def test_a_page_is_known_by_its_kind_or_its_beginning():
    assert is_page(got("x"))
    assert is_page(got(" <!DOCTYPE html>", kind="text/plain"))
    assert not is_page(got("{}", kind="application/json"))


def drawn(**more) -> Render:
    return Render(label="x", t=0.0, at="x", **{"url": LINK, **more})


def test_a_page_that_scripts_make_is_known_and_read_as_it_was_drawn():
    assert is_made_by_script(got('<div id="app"></div><script src="/app.js"></script>'))
    assert not is_made_by_script(got("<p>" + "word " * 60 + '<script src="/app.js"></script>'))
    assert not is_made_by_script(got("<div></div>"))
    assert read_drawn(drawn(text="ROOM 4711"), LINK, "Room 4711").way is Way.OPEN
    assert read_drawn(drawn(text="Room 4711", skeleton=("input:password:p",)), LINK, "Room 4711").way is Way.SIGN_IN
    assert read_drawn(drawn(url="https://a.example/login"), LINK, "Room 4711").way is Way.SIGN_IN
    assert read_drawn(drawn(text="Hello"), LINK, "Room 4711").way is Way.UNCLEAR
    front = [got("Room 4711", url="https://a.example/")]
    assert read_drawn(drawn(text="Room 4711"), LINK, "Room 4711", front).way is Way.UNCLEAR


@given(st.text(max_size=80), st.sampled_from([0, 200, 204, 302, 401, 404, 500]), st.text(max_size=20))
def test_any_answer_is_read(body, status, where):
    step = got(body, status, headers=(("location", where),))
    assert read_answer([step], LINK, body, [step]).way in Way
    assert read_data([step], Ask(url=LINK), body, LINK, [step]) in Served
    assert completed(chains([step, step]))
    assert plain(body) == plain(plain(body)) or "&" in body or "\\" in body
