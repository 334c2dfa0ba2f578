import json
import socket

import pytest

from roomgate.cli.api import Api, NotLoggedIn, at, parse_hub
from roomgate.errors import BadInput
from roomgate.redact import Secret
from support.cli import BookHub, Certificates, ok, problem, run

pytestmark = pytest.mark.xdist_group("cli")


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (problem(401, "not-signed-in", "Sign in first."), 1, "The hub does not know this token. [not-signed-in]"),
        (problem(403, "denied", "No.", rule="lock.room", hint="Ask."), 1, "No. (rule lock.room) [denied]\n  Ask."),
        (problem(404, "not-found", "There is no such room."), 1, "There is no such room. [not-found]"),
        (problem(409, "conflict", "The name is taken."), 1, "The name is taken. [conflict]"),
        (problem(429, "signin.slowed", "Slowly."), 1, "Slowly. [signin.slowed]"),
        (problem(400, "input.bad", "limit is from 1 to 200."), 2, "limit is from 1 to 200. [input.bad]"),
        (problem(413, "too-large", "Too large."), 2, "Too large."),
        (problem(503, "unreachable", "The site's connector is not connected."), 3, "is not connected. [unreachable]"),
        (problem(504, "outcome.unknown", "It was sent."), 3, "It was sent. [outcome.unknown]\n  Look at the room"),
        (problem(500, "internal", "Something failed here; it was noted."), 4, "The hub failed: Something failed"),
        (problem(418), 1, "Title [http.418]"),
        ((302, {"Location": "https://other.example"}, b""), 3, "answered 302"),
        ((200, {"Content-Type": "text/html"}, b"<html>"), 3, "not JSON. [cli.no-hub]"),
        (
            (502, {"Content-Type": "text/html"}, b"<html>secret page"),
            3,
            "answered 502 without saying why. [cli.no-hub]",
        ),
        ((404, {"Content-Type": "text/html"}, b'["a list"]'), 3, "answered 404 without saying why"),
        ((400, {}, b'{"neither": 1}'), 3, "answered 400 without saying why"),
        ((200, {"Content-Length": "100"}, b"{"), 3, "does not answer"),
    ],
)
def test_every_answer_of_a_hub_has_its_exit_code_and_words(book: BookHub, answer, code, said):
    book.answer(answer)
    done = run("whoami", "--json")
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "secret page" not in done.err


def test_a_hub_that_is_not_there(book: BookHub, monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ROOMGATE_HUB", f"https://localhost:{probe.getsockname()[1]}")
        done = run("whoami")
    assert (done.code, "does not answer: Connection refused. [unreachable]" in done.err) == (3, True)
    monkeypatch.setenv("ROOMGATE_HUB", "https://hub.invalid")
    assert run("whoami").code == 3


def test_a_certificate_that_is_not_trusted_gets_no_token(book: BookHub, monkeypatch):
    book.answer(ok({}))
    monkeypatch.delenv("ROOMGATE_CA")
    done = run("whoami")
    assert (done.code, book.asked) == (3, [])
    assert "not trusted here" in done.err
    assert "ROOMGATE_CA" in done.err


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_cannot_be_used_is_bad_input(book: BookHub, tmp_path, monkeypatch, content):
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    monkeypatch.setenv("ROOMGATE_CA", str(tmp_path / "ca.pem"))
    done = run("whoami")
    assert (done.code, "cannot be used as an authority" in done.err) == (2, True)


def test_a_redirect_is_not_followed(book: BookHub):
    book.answer((307, {"Location": f"{book.address}/elsewhere"}, b""), ok({"name": "ada"}))
    assert run("whoami").code == 3
    assert len(book.asked) == 1


def test_the_token_goes_to_the_hub_alone_and_is_looked_at_first(book: BookHub, certificates: Certificates):
    book.answer(ok(None))
    Api(book.address, Secret("abc"), str(certificates.ca)).call("GET", "/x")
    assert book.asked[0].headers["Authorization"] == "Bearer abc"
    for token in ("a b", "a\nb", "ключ"):
        with pytest.raises(BadInput):
            Api(book.address, Secret(token), str(certificates.ca)).call("GET", "/x")
    assert len(book.asked) == 1


def test_all_pages_of_a_list_are_read(book: BookHub, certificates: Certificates):
    book.answer(ok({"items": [{"n": 1}], "next": "a+b"}), ok({"items": [{"n": 2}], "next": None}))
    api = Api(book.address, Secret("abc"), str(certificates.ca))
    assert api.items("/list?room=x") == [{"n": 1}, {"n": 2}]
    assert [one.path for one in book.asked] == ["/list?room=x", "/list?room=x&cursor=a%2Bb"]


def test_plain_text_and_lines(book: BookHub, certificates: Certificates):
    api = Api(book.address, Secret("abc"), str(certificates.ca))
    book.answer((200, {}, "one\r\nzwei ü\n".encode()))
    assert api.text("/x") == "one\r\nzwei ü\n"
    assert list(api.lines("/x")) == ["one", "zwei ü"]


def test_the_environment_is_whole_or_not_used(monkeypatch, tmp_path, profile):
    profile.parent.mkdir(parents=True)
    profile.write_text(json.dumps({"hub": "https://kept.example", "token": "kept"}))
    assert Api.from_profile().hub == "https://kept.example"
    monkeypatch.setenv("ROOMGATE_HUB", "hub.example/")
    with pytest.raises(NotLoggedIn, match="no token for it"):
        Api.from_profile()
    (tmp_path / "token").write_text(" abc \n")
    monkeypatch.setenv("ROOMGATE_TOKEN_FILE", str(tmp_path / "token"))
    made = Api.from_profile()
    assert (made.hub, made.token.reveal(), made.ca) == ("https://hub.example", "abc", None)
    monkeypatch.setenv("ROOMGATE_TOKEN_FILE", str(tmp_path / "none"))
    assert run("whoami").code == 2


@pytest.mark.parametrize("kept", ["", "[]", '{"hub": 1, "token": "x"}', '{"hub": "https://x"}', "\xff"])
def test_a_profile_that_is_none_is_nobody(profile, kept):
    profile.parent.mkdir(parents=True)
    profile.write_bytes(kept.encode("latin-1"))
    done = run("whoami")
    assert (done.code, "roomgate login" in done.err) == (1, True)


def test_what_people_type_cannot_change_the_resource():
    assert at("rooms", "../people?x=1#y", "asks") == "/api/v1/rooms/..%2Fpeople%3Fx%3D1%23y/asks"
    assert at("ledger", room=None, kind="permit & more") == "/api/v1/ledger?kind=permit+%26+more"
    assert at("x", path=["a", "b"]) == "/api/v1/x?path=a&path=b"
    with pytest.raises(BadInput):
        at("plans", "")  # that would be all of them


@pytest.mark.parametrize(
    "address", ["hub.example", "https://hub.example/", " https://hub.example ", "https://hub.example"]
)
def test_an_address_of_a_hub(address):
    assert parse_hub(address) == "https://hub.example"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://hub",
        "ftp://hub",
        "https://",
        "https://u:p@hub",
        "https://hub/path",
        "https://hub?x",
        "https://hub#x",
        "https://hub:x",
        "https://hub:0",
        "https://hub:99999",
        "https://[",
        "https://a b",
        "https://hüb",
        "https://a\nb",
    ],
)
def test_what_is_no_address_of_a_hub(address):
    with pytest.raises(BadInput):
        parse_hub(address)
