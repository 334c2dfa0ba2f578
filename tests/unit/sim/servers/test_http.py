"""The XML API by a raw socket: every row of what is known of its statuses, headers, sessions and limits."""

import asyncio
import base64
from pathlib import Path

import pytest

from roomgate.sim.app import RoomConfig, RoomReady, SimConfig, serve
from roomgate.sim.journal import read_journal
from roomgate.sim.servers.http import is_api
from roomgate.sim.wires import Wires
from support.simulated import simulator, tls_of, touch

VOLUME = "/getxml?location=/Status/Audio/Volume"


class Heard:
    """One whole answer, until the connection was closed."""

    def __init__(self, raw: bytes) -> None:
        head, _, body = raw.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        self.raw, self.body = raw, body.decode()
        self.status = int(status.split()[1]) if status else 0
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def cookie(self) -> str:
        return self.headers["set-cookie"].partition(";")[0]


async def ask(
    room: RoomReady, method: str, target: str, body: str = "", *, who: str | None = "", cookie: str = ""
) -> Heard:
    """``who`` None is nobody, "" the daily account, else ``user:passphrase``."""
    reader, writer = await asyncio.open_connection(room.host, room.port, ssl=tls_of(room), limit=1 << 24)
    lines = [f"{method} {target} HTTP/1.1", "Host: room", f"Content-Length: {len(body.encode())}"]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    elif who is not None:
        packed = base64.b64encode((who or f"{room.user}:{room.password}").encode()).decode()
        lines.append(f"Authorization: Basic {packed}")
    writer.write("\r\n".join([*lines, "", body]).encode())
    try:
        return Heard(await reader.read())
    finally:
        writer.close()


def admin(room: RoomReady) -> str:
    return f"{room.admin_user}:{room.admin_password}"


@pytest.mark.asyncio
async def test_a_value_with_the_headers_that_were_seen(tmp_path: Path) -> None:
    async with asyncio.timeout(20), simulator(tmp_path) as (room,):
        heard = await ask(room, "GET", VOLUME)
        assert (heard.status, heard.headers["content-type"]) == (200, "text/xml; charset=UTF-8")
        assert "<Volume>50</Volume>" in heard.body
        seen = {
            "server": "nginx",
            "connection": "close",
            "cache-control": "no-store, max-age=0",
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "permissions-policy": "fullscreen=(self)",
            "strict-transport-security": "max-age=0",
        }
        assert seen.items() <= heard.headers.items()


@pytest.mark.asyncio
async def test_each_address_and_its_method(tmp_path: Path) -> None:
    async with asyncio.timeout(30), simulator(tmp_path) as (room,):
        for path, root in (
            ("/status.xml", "<Status "),
            ("/configuration.xml", "<Configuration "),
            ("/command.xml", "<Command "),
            ("/valuespace.xml", "<Valuespace "),
            ("/getxml", "<Fault>"),
        ):
            assert root in (await ask(room, "GET", path)).body
            assert (await ask(room, "POST", path)).status == 405
        assert (await ask(room, "GET", "/putxml")).status == 405
        assert not is_api("/web/signin")


@pytest.mark.asyncio
async def test_errors_travel_inside_200_and_only_bad_xml_is_400(tmp_path: Path) -> None:
    async with asyncio.timeout(20), simulator(tmp_path) as (room,):
        done = await ask(room, "POST", "/putxml", "<Command><Standby><Activate/></Standby></Command>")
        assert (done.status, "StandbyActivateResult" in done.body) == (200, True)
        unknown = await ask(room, "POST", "/putxml", "<Command><Dail/></Command>")
        assert (unknown.status, "No action detected" in unknown.body) == (200, True)
        for body in ("<Command>", "<!DOCTYPE x [<!ENTITY a 'b'>]><Command>&a;</Command>", ""):
            bad = await ask(room, "POST", "/putxml", body)
            assert (bad.status, bad.headers["content-type"]) == (400, "text/plain; charset=UTF-8")
            assert bad.body.startswith("XML syntax error:")


@pytest.mark.asyncio
async def test_bad_credentials_are_401_and_count_for_the_lock_out(tmp_path: Path) -> None:
    async with asyncio.timeout(20), simulator(tmp_path) as (room,):
        for who in (None, f"{room.user}:wrong", "nobody:x"):
            heard = await ask(room, "GET", VOLUME, who=who)
            assert heard.status == 401
            assert heard.headers["www-authenticate"] == 'Basic realm="CISCO-Endpoint"'
            assert (heard.headers["content-type"], heard.body[:16]) == ("text/plain; charset=UTF-8", "401 Unauthorized")
        for _ in range(4):
            await ask(room, "GET", VOLUME, who=f"{room.user}:wrong")
        assert (await ask(room, "GET", VOLUME)).status == 401  # the right one, of an account that is locked out


@pytest.mark.asyncio
async def test_a_session_has_a_cookie_a_row_in_the_table_and_an_end(tmp_path: Path) -> None:
    sessions = "<Command><Security><Session><List/></Session></Security></Command>"
    async with asyncio.timeout(20), simulator(tmp_path) as (room,):
        begun = await ask(room, "POST", "/xmlapi/session/begin", who=admin(room))
        assert (begun.status, begun.body) == (204, "")
        name, *attributes = begun.headers["set-cookie"].split("; ")
        assert name.startswith("SecureSessionId=")
        assert attributes == ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"]
        assert "<Volume>50</Volume>" in (await ask(room, "GET", VOLUME, cookie=begun.cookie)).body
        assert "<Type>HTTP</Type>" in (await ask(room, "POST", "/putxml", sessions, cookie=begun.cookie)).body
        assert (await ask(room, "POST", "/xmlapi/session/end", cookie=begun.cookie)).status == 204
        assert (await ask(room, "GET", VOLUME, cookie=begun.cookie)).status == 401
        assert "<Type>" not in (await ask(room, "POST", "/putxml", sessions, who=admin(room))).body
        assert (await ask(room, "POST", "/xmlapi/session/begin", who=f"{room.user}:x")).status == 401


@pytest.mark.asyncio
async def test_sessions_are_counted_and_gone_after_a_restart(tmp_path: Path) -> None:
    async with asyncio.timeout(30), simulator(tmp_path) as (room,):
        cookies = [(await ask(room, "POST", "/xmlapi/session/begin")).cookie for _ in range(20)]
        assert (await ask(room, "POST", "/xmlapi/session/begin")).status == 503
        await touch(room, "/fault", {"kind": "reboot", "seconds": 600})
        assert (await ask(room, "GET", VOLUME, cookie=cookies[0])).status == 502
        await touch(room, "/fault", {"kind": "clear"})
        assert (await ask(room, "GET", VOLUME, cookie=cookies[0])).status == 401
        assert (await ask(room, "POST", "/xmlapi/session/begin")).status == 204


async def of_wires(folder: Path, group: asyncio.TaskGroup, **wires: bool) -> tuple[RoomReady, asyncio.Task[None]]:
    started: asyncio.Future[list[RoomReady]] = asyncio.get_running_loop().create_future()
    config = SimConfig(folder, (RoomConfig("Birch"),), wires=Wires(**wires))
    running = group.create_task(serve(config, started.set_result))
    return (await started)[0], running


@pytest.mark.asyncio
async def test_what_nobody_could_establish_is_a_switch(tmp_path: Path) -> None:
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        room, running = await of_wires(tmp_path, group, session_needs_admin=True, expired_redirects=True)
        assert (await ask(room, "POST", "/xmlapi/session/begin")).status == 401
        assert (await ask(room, "POST", "/xmlapi/session/begin", who=admin(room))).status == 204
        expired = await ask(room, "GET", VOLUME, cookie="SecureSessionId=gone")
        assert (expired.status, expired.headers["location"]) == (302, "/web/signin")
        running.cancel()


@pytest.mark.asyncio
async def test_a_real_devices_limit_lets_requests_wait_and_the_one_too_many_not(tmp_path: Path) -> None:
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        room, running = await of_wires(tmp_path, group, real_limits=True)
        before = asyncio.get_running_loop().time()
        begun = await ask(room, "POST", "/xmlapi/session/begin")
        assert asyncio.get_running_loop().time() - before >= 0.9  # a second's wait, as for any Basic request
        before = asyncio.get_running_loop().time()
        answers = [group.create_task(ask(room, "GET", VOLUME, cookie=begun.cookie)) for _ in range(15)]
        assert {(await one).status for one in answers} == {200}
        assert asyncio.get_running_loop().time() - before >= 0.9
        waiting = [group.create_task(ask(room, "GET", VOLUME)) for _ in range(31)]
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        statuses = [one.result().status for one in done]
        while 503 not in statuses:
            done, _ = await asyncio.wait([one for one in waiting if not one.done()], return_when="FIRST_COMPLETED")
            statuses += [one.result().status for one in done]
        assert "rate.limited" in [line["what"] for line in read_journal(room.journal)]
        for one in waiting:
            one.cancel()
        running.cancel()


@pytest.mark.asyncio
async def test_a_broken_room_breaks_here_too(tmp_path: Path) -> None:
    async with asyncio.timeout(30), simulator(tmp_path) as (room,):
        await touch(room, "/fault", {"kind": "half-frame"})
        half = await ask(room, "GET", VOLUME)
        assert half.status == 200
        assert len(half.body) < int(half.headers["content-length"])
        await touch(room, "/fault", {"kind": "clear"})
        await touch(room, "/fault", {"kind": "answer-twice"})
        assert (await ask(room, "GET", VOLUME)).raw.count(b"HTTP/1.1 200 OK") == 2
        await touch(room, "/fault", {"kind": "clear"})
        await touch(room, "/fault", {"kind": "garbage"})
        assert "<" not in (await ask(room, "GET", VOLUME)).body[:1]
        await touch(room, "/fault", {"kind": "clear"})
        await touch(room, "/fault", {"kind": "silent"})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await ask(room, "GET", VOLUME)


@pytest.mark.asyncio
async def test_a_document_beyond_all_size_is_not_read(tmp_path: Path) -> None:
    async with asyncio.timeout(30), simulator(tmp_path) as (room,):
        assert (await ask(room, "POST", "/putxml", "x" * ((8 << 20) + (1 << 16) + 1))).status == 413
