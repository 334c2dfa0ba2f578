"""What an administrator does from outside: a setting and back, a panel in three rooms by plan, the device's own page."""

import asyncio
import hashlib
import ssl
import time
from typing import Any

import httpx

from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Caller, Unexpected
from roomgate.cli.demo.world import World

PANEL = "roomgate_demo"
_XML = (
    "<Extensions><Version>1.11</Version><Panel><Order>1</Order><PanelId>roomgate_demo</PanelId>"
    "<Location>HomeScreen</Location><Icon>Helpdesk</Icon><Name>Service desk</Name>"
    "<ActivityType>Custom</ActivityType></Panel></Extensions>"
)
_SETTING = "Audio/DefaultVolume"
_PLAN_S = 30.0
_LOOK_S = 0.1


async def take_back(caller: Caller, room: str, before: Any, now: Any) -> None:
    """Set the setting as it was before; whoever changed it meanwhile would be told, not overwritten."""
    wish = {"set": {_SETTING: before}, "expect": {_SETTING: now}, "reason": "taken back"}
    told = await caller.call("PATCH", f"/api/v1/rooms/{room}/settings", wish)
    outcomes = [one["outcome"] for one in told["items"]]
    if outcomes != ["done"]:
        raise Unexpected(f"The setting was not taken back: {told}")


async def panel_by_plan(caller: Caller, rooms: list[Inside]) -> str:
    """One document, three rooms: what would change is shown first, then it is done, one room and then the others."""
    lines = ['name = "A button for the service desk"', "[only]", f"rooms = {[one.name for one in rooms]!r}"]
    lines += [f"[everything.panels.{PANEL}]", f"xml = '''{_XML}'''"]
    plan = await caller.call("POST", "/api/v1/plans", {"document": "\n".join(lines), "reason": "demonstration"})
    plan = await _until(caller, plan["id"], ("planned",))
    planned = await caller.call("GET", f"/api/v1/plans/{plan['id']}/rooms")
    verdicts = {step["verdict"] for one in planned["items"] for step in one["steps"]}
    if len(planned["items"]) != len(rooms) or verdicts != {"allowed"}:
        raise Unexpected(f"The plan says: {planned}")
    await caller.call("POST", f"/api/v1/plans/{plan['id']}/start", {})
    plan = await _until(caller, plan["id"], ("done",))
    for one in rooms:
        _, listed = await caller.ask(one.name, {"command": "UserInterface.Extensions.List"}, wait_s=10)
        if PANEL not in str(listed.get("result")):
            raise Unexpected(f"{one.name} has no such panel: {listed}")
    names = ", ".join(one.name for one in rooms)
    return f"a button on the touch panels of {names}: planned, shown, applied in waves, and seen on each device"


async def _until(caller: Caller, plan: str, states: tuple[str, ...]) -> dict[str, Any]:
    try:
        async with asyncio.timeout(_PLAN_S):
            while True:
                found: dict[str, Any] = await caller.call("GET", f"/api/v1/plans/{plan}")
                if found["state"] in states:
                    return found
                if found["state"] in ("halted", "cancelled"):
                    raise Unexpected(f"The plan stopped: {found['words']}")
                await asyncio.sleep(_LOOK_S)
    except TimeoutError as late:
        raise Unexpected(f"The plan is still {found['state']}.") from late


async def own_page(world: World, room: Inside, token: str) -> str:
    """`roomgate room tunnel`: the page as the device itself serves it, to the byte, and its own certificate."""
    env = {"ROOMGATE_HUB": world.hub, "ROOMGATE_TOKEN": token, "ROOMGATE_CA": world.ca}
    words = ("room", "tunnel", room.name, "--no-open", "--json")
    began = time.monotonic()
    told = await world.programs.start("tunnel", *words, env=env)
    took = time.monotonic() - began
    try:
        if not told["agree"] or told["shown"] != room.pin.replace(":", "").lower():
            raise Unexpected(f"The certificate is another one: {told}")
        through, direct = await _page(told["address"]), await _page(f"{room.address}/")
    finally:
        await world.programs.stop("tunnel")
    if through != direct:
        raise Unexpected("The page that came through the tunnel is not the device's.")
    print_ = hashlib.sha256(through).hexdigest()[:12]
    return f"{room.name}'s own page through the tunnel in {took * 1000:.0f} ms: its certificate, and {len(through)} bytes to the letter ({print_}…)"


async def _page(address: str) -> bytes:
    """The sign-in page, over whatever certificate there is: that was compared already."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE  # no name fits a tunnel, and the certificate was compared with the pin before
    async with httpx.AsyncClient(verify=tls, timeout=10, follow_redirects=True) as http:
        answer = await http.get(address)
        return answer.raise_for_status().content
