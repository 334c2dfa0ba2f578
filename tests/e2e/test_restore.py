"""Backup beside a running hub, restore elsewhere, and the safe mode that brings no dead right back to life."""

import json
import os
import shutil
import stat
import tarfile

import pytest
from playwright.async_api import expect

from roomgate.hub.http.door import COOKIE
from support.browser import tab
from support.hub import PASSWORD
from support.hub_program import HubProgram, hub_program, roomgate, sign_in, sign_in_admin, start

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("restore")]


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A hub is backed up while it runs; afterwards rights die in it; then the backup is restored elsewhere."""
    folder = tmp_path_factory.mktemp("restore")
    with hub_program(folder / "first") as first, first.client() as admin:
        made = {
            name: admin.post("/api/v1/people", json={"name": name, "password": PASSWORD}).json()["id"]
            for name in ("leaver", "keeper")
        }
        tokens = {
            name: admin.post("/api/v1/tokens", json={"person": name, "minutes": 60}).json()
            for name in ("leaver", "keeper")
        }
        with first.client("") as browser:
            cookie = sign_in(browser, "keeper").headers["set-cookie"].split("=", 1)[1].split(";")[0]
        said = roomgate("hub", "backup", "--config", first.config, "--to", folder / "hub.backup")
        assert admin.delete(f"/api/v1/people/{made['leaver']}").status_code == 204
        assert admin.delete(f"/api/v1/tokens/{tokens['keeper']['id']}").status_code == 204
        admin_token = first.token

    second = HubProgram(folder / "second")
    second.configure()
    done = roomgate(
        "hub", "restore", folder / "hub.backup", "--config", second.config, "--admin", "ada", "--json"
    )  # fmt: skip
    second.serve()
    try:
        yield {
            "first": first, "second": second, "backup": folder / "hub.backup", "said": said.stdout, "made": made,
            "tokens": tokens, "cookie": cookie, "recovery": first.recovery, "admin_token": admin_token, "restored": json.loads(done.stdout),
        }  # fmt: skip
    finally:
        second.stop()


def test_a_backup_says_what_is_inside_and_is_private(story):
    mode = stat.S_IMODE(os.stat(story["backup"]).st_mode)
    assert mode == 0o600
    assert "BOTH KEYS OF THE HUB" in story["said"]
    with tarfile.open(story["backup"]) as tar:
        assert tar.getnames() == ["manifest.json", "hub.db", "keys/order.pem", "keys/ledger.pem"]
    assert story["restored"]["seal"] in story["said"]


def test_no_dead_right_lives_again_and_the_living_wait(story):
    second: HubProgram = story["second"]
    for name in ("leaver", "keeper"):
        with second.client(story["tokens"][name]["token"]) as guest:
            assert guest.get("/api/v1/whoami").status_code == 401
    with second.client(story["admin_token"]) as admin:
        assert admin.get("/api/v1/whoami").status_code == 401
    with second.client("") as browser:
        assert browser.get("/api/v1/whoami", headers={"Cookie": f"{COOKIE}={story['cookie']}"}).status_code == 401
        for name in ("leaver", "keeper"):
            assert sign_in(browser, name).status_code == 401


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
async def test_its_page_is_readable_everywhere_and_asks_before_it_ends_what_cannot_be_brought_back(
    story, browser, scheme, width
):
    async with tab(browser, story["second"].url, scheme=scheme, width=width) as one:
        await one.page.goto("/signin")
        await one.sign_in("ada", PASSWORD, story["recovery"].pop())
        await one.page.goto("/restoration")
        assert (await one.fits(), await one.axe(), await one.violations(), one.faults) == (True, [], [], [])
        await expect(one.page.get_by_label("leaver").first).not_to_be_checked()
        button = one.page.get_by_role("button", name="End the safe mode")
        await button.click()  # the browser itself asks for the word
        await one.page.get_by_label("if you are sure").fill("no")
        await button.click()
        await expect(one.page.get_by_text("Nothing was ended")).to_be_visible()
        assert (await one.page.request.get("/readyz")).status == 503


def test_it_says_so_and_an_administrator_confirms_and_ends_it(story):
    second: HubProgram = story["second"]
    assert any(line["event"] == "hub.safe-mode" and line["cause"] == "backup" for line in second.logged())
    with second.client("") as browser:
        ready = browser.get("/readyz")
        assert (ready.status_code, ready.text, browser.get("/healthz").text) == (503, "safe-mode", "ok")
        assert sign_in_admin(browser, story["recovery"]).status_code == 303
        page = browser.get("/restoration").text
        assert "goes on from an older copy" in page
        assert "goes on from an older copy" in browser.get("/rooms").text
        form = {"csrf": browser.get("/api/v1/whoami").json()["csrf"]}
        token_headers = {"X-CSRF-Token": form["csrf"]}
        shown = browser.get("/api/v1/restoration").json()
        assert shown["safe_mode"] is True
        assert shown["entries_here"] == story["restored"]["entries"]
        waiting = {(one["kind"], one["name"]) for one in shown["paused"]}
        assert {("people", "leaver"), ("people", "keeper"), ("tokens", "hub init")} <= waiting

        here, token = story["made"]["keeper"], story["tokens"]["leaver"]["id"]
        wrong = {"people": [here], "tokens": ["token_nothing"]}
        assert browser.post("/api/v1/restoration/confirm", json=wrong, headers=token_headers).status_code == 404
        with second.client("") as other:
            assert sign_in(other, "keeper").status_code == 401  # all or none
        done = browser.post("/restoration", data={**form, "do": "confirm", "people": here})
        assert done.status_code == 303
        assert f'value="{here}"' not in browser.get("/restoration").text
        with second.client("") as other:
            assert sign_in(other, "keeper").status_code == 303

        ended = browser.post("/api/v1/restoration/end", headers=token_headers)
        assert (ended.status_code, ended.json()["safe_mode"]) == (200, False)
        assert browser.get("/readyz").text == "ok"
        gone = browser.get(f"/api/v1/people/{story['made']['leaver']}").json()
        assert gone["active"] is False
        again = browser.post("/api/v1/restoration/confirm", json={"tokens": [token]}, headers=token_headers)
        assert again.status_code == 404
    with second.client(story["tokens"]["leaver"]["token"]) as guest:
        assert guest.get("/api/v1/whoami").status_code == 401
    assert roomgate("ledger", "verify", second.data).returncode == 0


def test_an_older_data_folder_put_back_is_noticed_by_the_witness(tmp_path):
    with hub_program(tmp_path / "hub") as hub:
        pem = hub.folder / "server.pem"
        settings = tmp_path / "witness.toml"
        settings.write_text(f'data = "{tmp_path / "witness"}"\ncertificate = "{pem}"\nkey = "{pem}"\nport = 0\n')
        roomgate("witness", "trust", hub.made["vkey"], "--config", settings)
        process, witness = start(tmp_path / "witness.log", "witness", "serve", "--config", settings)
        try:
            hub.stop()
            shutil.copytree(hub.data, tmp_path / "older")
            hub.more |= {
                "witness_url": witness["witness"], "witness_key": witness["vkey"], "witness_ca": str(tmp_path / "hub/ca.pem"),
            }  # fmt: skip
            hub.configure()
            for _ in range(2):  # it is signed at the next start, if not before
                hub.serve()
                hub.stop()
            shutil.rmtree(hub.data)
            shutil.move(tmp_path / "older", hub.data)
            hub.serve()
            with hub.client() as admin:
                assert admin.get("/readyz").text == "safe-mode"
                assert admin.get("/api/v1/whoami").status_code == 401
                with hub.client("") as browser:
                    assert sign_in(browser, "ada").status_code == 401
                    roomgate("hub", "admit", "--config", hub.config, "--admin", "ada")
                    assert sign_in_admin(browser, hub.recovery).status_code == 303
                    shown = browser.get("/api/v1/restoration").json()
            assert shown["cause"] == "witness"
            assert shown["entries_elsewhere"] > shown["entries_here"] > 0
            assert shown["vkey"].startswith("roomgate.hub/main/2+")
        finally:
            process.terminate()
            process.stdout.close()
            process.wait(10)
