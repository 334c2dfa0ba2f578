import json

import pytest
from sqlalchemy import func, select

from roomgate.hub.db import schema
from support.cli import BookHub, Certificates, RealHub, ok, run
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
        ((200, {}, b"<html>"), 3, "answered 200 to a sign-in"),
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
