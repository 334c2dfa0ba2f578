"""The device's own web page: sign-in, and a passphrase changed at the device itself."""

from pathlib import Path
from urllib.parse import urlencode

import pytest

from roomgate.clock import HandClock
from roomgate.sim.local_page import LocalPage
from roomgate.sim.profile import get_profile
from roomgate.sim.room import Room
from roomgate.sim.servers.asgi import HttpRequest, HttpResponse
from roomgate.sim.store import ensure_passphrases


class Browser:
    def __init__(self, folder: Path) -> None:
        self.passphrases = ensure_passphrases(folder)
        self.room = Room.load("Birch", folder, get_profile("26"), HandClock(), self.passphrases)
        self.page = LocalPage(self.room)
        self.cookie = ""

    def get(self, path: str) -> HttpResponse:
        return self.page.answer(HttpRequest("GET", path, {"cookie": self.cookie}), "test")

    def post(self, path: str, origin: str | None = None, **form: str) -> HttpResponse:
        headers = {"cookie": self.cookie, "host": "x"} | ({"origin": origin} if origin else {})
        return self.page.answer(HttpRequest("POST", path, headers, urlencode(form).encode()), "test")

    def sign_in(self, user: str) -> None:
        response = self.post("/web/signin", user=user, passphrase=self.passphrases[user])
        self.cookie = dict(response.headers)["set-cookie"].partition(";")[0]


def test_nothing_but_the_sign_in_page_shows_before_one_signs_in(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    assert browser.get("/web/signin").status == 200
    for path in ("/web/", "/web/users"):
        assert browser.get(path).status == 303
    assert browser.post("/web/users", username="admin", passphrase="changed at the device").status == 303
    browser.room.close()


def test_a_wrong_passphrase_is_refused_and_counted(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    assert browser.post("/web/signin", user="admin", passphrase="wrong").status == 403
    assert browser.room.device.accounts.by_name["admin"].failed == 1
    browser.room.close()


def test_an_admin_changes_the_passphrase_of_the_daily_account(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    browser.sign_in("admin")
    assert browser.post("/web/users", username="roomgate-daily", passphrase="changed at the device").status == 200
    assert browser.room.device.accounts.by_name["roomgate-daily"].has("changed at the device")
    assert browser.post("/web/users", username="roomgate-daily", passphrase="short").status == 400
    assert browser.post("/web/users", username="nobody", passphrase="changed at the device").status == 400
    browser.room.close()


def test_an_admins_passphrase_needs_ones_own(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    browser.sign_in("admin")
    change = {"username": "roomgate-privileged", "passphrase": "changed at the device"}
    assert browser.post("/web/users", **change).status == 403
    assert browser.post("/web/users", **change, own=browser.passphrases["admin"]).status == 200
    browser.room.close()


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_no_admin_changes_nothing(tmp_path: Path, method: str) -> None:
    browser = Browser(tmp_path)
    browser.sign_in("roomgate-daily")
    assert browser.get("/web/").status == 200
    form = {"username": "roomgate-daily", "passphrase": "changed at the device"}
    response = browser.get("/web/users") if method == "get" else browser.post("/web/users", **form)
    assert response.status == 403
    browser.room.close()


def test_another_sites_page_changes_nothing(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    browser.sign_in("admin")
    change = {"username": "roomgate-daily", "passphrase": "changed at the device"}
    assert browser.post("/web/users", origin="https://evil.example.com", **change).status == 403
    assert not browser.room.device.accounts.by_name["roomgate-daily"].has("changed at the device")
    browser.room.close()


def test_signing_out_and_an_ended_session_close_the_page(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    browser.sign_in("admin")
    browser.post("/web/signout")
    assert browser.get("/web/").status == 303
    browser.sign_in("admin")
    (login,) = browser.room.device.accounts.logins.values()
    browser.room.device.accounts.end(login.id)
    browser.room.settle()
    assert browser.get("/web/").status == 303
    browser.room.close()


def test_browsers_that_were_closed_do_not_use_up_the_sessions(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    for _ in range(40):
        browser.sign_in("admin")
    assert len(browser.room.device.accounts.logins) == 5
    assert browser.get("/web/").status == 200
    browser.room.close()


def test_the_bytes_are_stable_and_text_is_text(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    assert browser.get("/web/signin").body == browser.get("/web/signin").body
    assert browser.get("/web/hello.js").status == 200
    browser.sign_in("admin")
    browser.room.device.restore_setting(("SystemUnit", "Name"), "<script>alert(1)</script>")
    for path in ("/web/", "/web/users"):
        assert b"<script>alert" not in browser.get(path).body
    assert browser.get("/web/nothing").status == 404
    browser.room.close()
