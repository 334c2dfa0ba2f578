import json
import os
import platform
import subprocess
import sys

import pytest
from sqlalchemy import func, select

from roomgate.hub.db import schema
from roomgate.hub.identity.person import Proof
from support.cli import BookHub, Certificates, RealHub, ok, problem, run
from support.hub import PASSWORD

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture
def secret(tmp_path):
    def write(text: str) -> str:
        (tmp_path / "secret").write_text(text)
        return str(tmp_path / "secret")

    return write


@pytest.fixture
def anybody(one_hub: RealHub) -> RealHub:
    """A hub that is there, and nobody signed in."""
    return one_hub


def test_sign_in_with_a_token(anybody, profile, secret):
    done = run("login", anybody.address, "--ca", str(anybody.ca), "--token-file", secret(anybody.token))
    assert (done.code, done.err) == (0, "")
    assert f"Signed in to {anybody.address} as ada" in done.out
    assert anybody.token not in done.out
    assert profile.stat().st_mode & 0o777 == 0o600
    assert run("whoami", "--json").json["name"] == "ada"
    assert run("whoami").out.startswith(f"ada (administrator) at {anybody.address}, until ")
    assert run("room", "list").code == 0
    done = run("logout")
    assert (done.code, "goes on until its end" in done.out, profile.exists()) == (0, True, False)
    assert run("whoami").code == 1


def test_sign_in_by_name_and_password_makes_a_token_that_signing_out_ends(anybody, profile, secret):
    anybody.do(anybody.hub.person("liv"))
    words = ["login", anybody.address, "--ca", str(anybody.ca), "--user", "liv", "--password-file", secret(PASSWORD)]
    done = run(*words, "--minutes", "5", "--json")
    assert (done.code, done.json["name"], set(done.json)) == (0, "liv", {"hub", "id", "name", "until"})
    token = json.loads(profile.read_text())["token"]
    assert anybody.do(anybody.hub.parts.identity.by_token(token)) is not None
    assert run("logout", "--json").json == {"forgotten": True, "token_ended": True}
    assert anybody.do(anybody.hub.parts.identity.by_token(token)) is None


def test_the_session_of_the_sign_in_is_over_when_the_token_is_made(anybody, secret):
    parts = anybody.hub.parts

    open_ones = select(func.count()).where(schema.web_sessions.c.ended.is_(None))

    def web_sessions() -> int:
        return int(anybody.do(parts.db.read(lambda conn: conn.execute(open_ones).scalar_one())))

    anybody.do(anybody.hub.person("lars"))
    before = web_sessions()
    run("login", anybody.address, "--ca", str(anybody.ca), "--user", "lars", "--password-file", secret(PASSWORD))
    assert web_sessions() == before


def test_a_wrong_password_and_a_wrong_token(anybody, profile, secret):
    hub = ["login", anybody.address, "--ca", str(anybody.ca)]
    done = run(*hub, "--user", "nobody", "--password-file", secret("wrong"))
    assert (done.code, "Name or password is wrong" in done.err) == (1, True)
    done = run(*hub, "--token-file", secret("wrong"))
    assert (done.code, "does not know this token" in done.err) == (1, True)
    assert not profile.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--user", "ada", "--token-file", "x"], "two ways"),
        (["--token-file", "{full}", "--scope", "read"], "has its scope already"),
        (["--token-file", "/nonexistent"], "cannot be read"),
        (["--ca", "/nonexistent", "--token-file", "{empty}"], "It is empty"),
        (["--ca", "/nonexistent", "--token-file", "{full}"], "cannot be used as an authority"),
    ],
)
def test_what_is_given_wrongly(tmp_path, words, said):
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "full").write_text("token")
    done = run("login", "hub.example", *(w.format(empty=tmp_path / "empty", full=tmp_path / "full") for w in words))
    assert (done.code, said in done.err) == (2, True)


def test_a_profile_that_others_could_read_is_replaced(anybody, profile, secret):
    profile.parent.mkdir(parents=True)
    profile.write_text("{}")
    profile.chmod(0o644)
    run("login", anybody.address, "--ca", str(anybody.ca), "--token-file", secret(anybody.token))
    assert profile.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ((429, {"Retry-After": "7"}, b""), 1, "Wait 7 s"),
        ((200, {}, b"<html>"), 1, "second factor"),
        ((418, {}, b""), 3, "answered 418 to a sign-in"),
        ((303, {"Location": "/"}, b""), 3, "gave no session"),
    ],
)
def test_a_hub_that_does_not_sign_in(book: BookHub, certificates: Certificates, secret, answer, code, said):
    book.answer(answer)
    words = ["--ca", str(certificates.ca), "--user", "ada", "--password-file", secret("password")]
    done = run("login", book.address, *words)
    assert (done.code, said in done.err) == (code, True)


def test_whoever_cannot_reach_the_hub_is_forgotten_all_the_same(book: BookHub, certificates, profile):
    profile.parent.mkdir(parents=True)
    profile.write_text(json.dumps({"hub": book.address, "token": "x", "ca": str(certificates.ca), "own": True}))
    book.answer((500, {}, b""))
    assert run("logout", "--json").json == {"forgotten": True, "token_ended": False}
    assert not profile.exists()
    book.answer(ok({}))
    assert run("logout").code == 0


def test_sign_in_by_a_code(anybody, certificates, book: BookHub, profile):
    """The hub answers out of a book until the yes; the token is one of a real hub's, for the last question."""
    begun = {"code": "BCDF-GHJK", "secret": "s3cret", "page": "/device", "lives_s": 600, "poll_s": 0.001}
    me = {"id": "person_1", "name": "ada", "until": "2027-01-01T00:00:00Z"}
    book.answer(ok(begun), (202, {}, b'{"token":null}'), ok({"token": "rg_1"}), ok(me))
    words = ["--ca", str(certificates.ca), "--minutes", "30", "--scope", "read", "--scope", "room:oslo"]
    done = run("login", book.address, *words, "--json")
    assert (done.code, done.json["name"]) == (0, "ada")
    assert f"{book.address}/device" in done.err
    assert "BCDF-GHJK" in done.err
    assert "s3cret" not in done.err + done.out
    assert "rg_1" not in done.err + done.out
    wished = json.loads(book.asked[0].body)
    assert (book.asked[0].path, wished["minutes"], wished["scope"]) == ("/auth/device", 30, ["read", "room:oslo"])
    assert wished["machine"] == platform.node()[:80]
    assert "Authorization" not in book.asked[0].headers
    assert [json.loads(one.body) for one in book.asked[1:3]] == [{"secret": "s3cret"}] * 2
    kept = json.loads(profile.read_text())
    assert (kept["token"], kept["own"], profile.stat().st_mode & 0o777) == ("rg_1", True, 0o600)


def test_a_code_that_is_refused_or_never_typed(certificates, book: BookHub, profile):
    begun = {"code": "BCDF-GHJK", "secret": "s3cret", "page": "/device", "lives_s": 0.3, "poll_s": 0.001}
    book.answer(ok(begun), problem(403, "device.refused", "This sign-in was refused."))
    done = run("login", book.address, "--ca", str(certificates.ca))
    assert (done.code, "This sign-in was refused" in done.err) == (1, True)
    book.answer(ok(begun), (202, {}, b'{"token":null}'))
    done = run("login", book.address, "--ca", str(certificates.ca))
    assert (done.code, "Nobody typed the code in time" in done.err) == (1, True)
    assert not profile.exists()


def test_a_real_hub_begins_and_shows_its_page(anybody, certificates):
    from roomgate.cli.api import Api
    from roomgate.redact import Secret

    begun = Api(anybody.address, Secret(""), str(certificates.ca)).call("POST", "/auth/device", {"machine": "m"})
    assert (begun["page"], len(begun["code"])) == ("/device", 9)


def test_from_the_code_to_the_end_of_the_token(anybody, profile):
    """The program itself, a real hub, and somebody who says yes where they are signed in."""
    identity = anybody.hub.parts.identity
    person = anybody.do(anybody.hub.person("ines"))
    _, cookie = anybody.do(identity.open_web(person.id, Proof(), "192.0.2.7"))
    ines = anybody.do(identity.by_cookie(cookie.reveal()))
    words = ["login", anybody.address, "--ca", str(anybody.ca), "--scope", "rooms", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "roomgate.cli.main", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "XDG_CONFIG_HOME": str(profile.parents[1])},
    ) as login:  # fmt: skip
        assert login.stderr is not None
        assert login.stdout is not None
        code = login.stderr.readline().split()[-1]
        anybody.do(identity.allow_device(code, ines, "192.0.2.7"))
        assert json.loads(login.stdout.read())["name"] == "ines"
    assert run("whoami", "--json").json["scope"] == ["rooms"]
    (token,) = anybody.do(identity.tokens(person.id))
    assert token.name == platform.node()[:80]
    assert run("logout", "--json").json == {"forgotten": True, "token_ended": True}
    assert anybody.do(identity.tokens(person.id)) == []


def test_whoami_says_what_the_token_is_for(hub, monkeypatch):
    token = run("token", "add", "--scope", "read", "--scope", "room:oslo", "--json").json
    assert token["scope"] == ["read", "room:oslo"]
    monkeypatch.setenv("ROOMGATE_TOKEN", token["token"])
    assert run("whoami").out.endswith(", for read, room:oslo alone\n")
    me = run("whoami", "--json").json
    assert (me["rights"], me["how"], me["strong"]) == (["audit", "see"], "token", False)
    assert run("token", "add", "--scope", "hub").code == 1
    assert run("token", "add", "--scope", "everything").code == 2
