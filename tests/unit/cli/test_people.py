import pytest

from roomgate.hub.identity.person import Proof
from roomgate.hub.identity.signin import Visitor
from support.cli import BookHub, RealHub, ok, run
from support.hub import PASSWORD

pytestmark = pytest.mark.xdist_group("cli")


def test_a_person_gets_a_password_that_is_shown_once_and_works(hub: RealHub):
    done = run("person", "add", "cleo", "--role", "auditor")
    assert done.code == 0
    password = done.out.split("Password  ")[1].split()[0]
    hub.do(hub.hub.parts.identity.sign_in("cleo", password, "192.0.2.1"))
    assert len(password.replace("-", "")) == 20
    shown = run("person", "show", "cleo", "--json").json
    assert (shown["roles"], shown["active"]) == (["auditor"], True)
    assert run("person", "add", "cleo").code == 1
    assert run("person", "add", "dora", "--role", "queen").code in (1, 2)


def test_a_person_with_a_password_of_their_own(hub: RealHub, tmp_path):
    (tmp_path / "password").write_text(PASSWORD + "\n")
    done = run("person", "add", "egon", "--password-file", str(tmp_path / "password"), "--json")
    assert (done.code, "password" in done.json) == (0, False)
    hub.do(hub.hub.parts.identity.sign_in("egon", PASSWORD, "192.0.2.1"))
    (tmp_path / "password").write_text("five quite other words here\n")
    done = run("person", "password", "egon", "--password-file", str(tmp_path / "password"))
    assert (done.code, "egon has a new password" in done.out) == (0, True)
    hub.do(hub.hub.parts.identity.sign_in("egon", "five quite other words here", "192.0.2.1"))
    made = run("person", "add", "fritz", "--json").json
    hub.do(hub.hub.parts.identity.sign_in("fritz", made["password"], "192.0.2.1"))


def test_a_person_is_invited_reset_and_loses_their_factors(hub: RealHub):
    done = run("person", "invite", "hans", "--role", "auditor")
    assert (done.code, "Code for hans" in done.out, "I have an invitation" in done.out) == (0, True, True)
    made = run("person", "reset", "hans", "--hours", "1", "--json").json
    assert (made["name"], len(made["code"])) == ("hans", 24)
    hub.do(hub.hub.parts.invitations.accept(made["code"], PASSWORD, Visitor("192.0.2.1")))
    assert "hans has no second factor" in run("person", "reset-factors", "hans").out
    assert run("person", "reset-factors", "hans", "--json").json == {"person": "hans", "factors": 0}
    assert run("person", "reset-factors", "ada").code == 1


def test_roles_and_the_switch(hub: RealHub):
    run("person", "add", "gina")
    assert run("person", "roles", "gina", "auditor", "security-officer").out == (
        "gina has auditor, security-officer now.\n"
    )
    assert run("person", "roles", "gina").out == "gina has no role now.\n"
    assert run("person", "roles", "gina", "auditor", "--json").json["roles"] == ["auditor"]
    assert "what was open is cut" in run("person", "disable", "gina").out
    assert run("person", "show", "gina", "--json").json["active"] is False
    assert run("person", "enable", "gina", "--json").json["active"] is True
    assert "gina" in run("person", "list").out
    assert run("person", "remove", "gina").code == 0
    assert run("person", "show", "gina").code == 1


def test_the_last_administrator_stays(hub: RealHub):
    done = run("person", "disable", "ada")
    assert (done.code, "[last-administrator]" in done.err) == (1, True)


def test_a_service_account_and_its_token(hub: RealHub, monkeypatch):
    assert "roomgate token add wall" in run("service-account", "add", "wall").out
    made = run("token", "add", "wall", "--minutes", "5", "--name", "display", "--json").json
    assert made["id"] in run("token", "list").out
    assert run("token", "show", made["id"], "--json").json["name"] == "display"
    text = run("token", "add", "wall", "--minutes", "5").out.splitlines()
    monkeypatch.setenv("ROOMGATE_TOKEN", text[0])
    assert run("whoami", "--json").json["kind"] == "service-account"
    monkeypatch.setenv("ROOMGATE_TOKEN", hub.token)
    assert "roomgate token remove token_" in text[1]
    assert run("token", "remove", made["id"]).code == 0
    assert run("token", "show", made["id"]).code == 1
    assert run("service-account", "disable", "wall").code == 0
    accounts = {one["name"]: one["active"] for one in run("service-account", "list", "--json").json}
    assert accounts["wall"] is False
    assert run("service-account", "remove", "wall").code == 0


def test_a_token_for_oneself_and_one_without_an_end(hub: RealHub):
    assert run("token", "add", "--json").json["person"].startswith("person_")
    assert run("token", "add", "--minutes", "0").code == 2
    assert run("token", "add", "--minutes", "1e12").code == 2


def test_accounts_at_an_identity_provider(book: BookHub):
    linked = {"issuer": "https://i", "subject": "auth|1/2", "person": "person_1", "created": "x", "seen": "y"}
    which = ("--issuer", "https://i", "--subject", "auth|1/2")
    book.answer(ok(linked))
    assert run("person", "link", "ada", *which).out == "person_1 may sign in as auth|1/2 at https://i.\n"
    assert (book.asked[0].method, book.asked[0].path) == ("POST", "/api/v1/people/ada/identities")
    book.answer(ok({"items": [linked]}))
    assert "auth|1/2" in run("person", "identities", "ada").out
    assert run("person", "identities", "ada", "--json").json == [linked]
    book.answer(ok({"items": []}))
    assert "roomgate person link ada" in run("person", "identities", "ada").out
    book.answer((204, {}, b""))
    assert "what it opened is cut" in run("person", "unlink", "ada", *which).out
    path = "/api/v1/people/ada/identities?issuer=https%3A%2F%2Fi&subject=auth%7C1%2F2"
    assert (book.asked[0].method, book.asked[0].path) == ("DELETE", path)


def test_an_empty_list_says_how_to_begin(book: BookHub):
    book.answer(ok({"items": [], "next": None}))
    for noun in ("person", "service-account", "token"):
        assert f"roomgate {noun} add" in run(noun, "list").out


def test_browsers_are_listed_and_signed_out(hub: RealHub):
    identity = hub.hub.parts.identity
    run("person", "add", "hans", "--json")
    hans = hub.do(identity.get("hans"))
    web, cookie = hub.do(identity.open_web(hans.id, Proof(), "192.0.2.7", "Firefox"))
    listed = run("web-session", "list", "hans", "--json").json
    assert [(one["id"], one["agent"], one["source"], one["asks"]) for one in listed] == [
        (web.id, "Firefox", "192.0.2.7", False)
    ]
    assert "Firefox" in run("web-session", "list", "hans").out
    assert web.id not in run("web-session", "list").out
    assert run("web-session", "remove", web.id).code == 0
    assert hub.do(identity.by_cookie(cookie.reveal())) is None
    assert run("web-session", "remove", web.id).code == 1
    assert run("web-session", "list", "nobody").code == 1
