"""`roomgate room tunnel`: the device's own page on a port of this machine, inside the device's own TLS."""

import asyncio
import hashlib
import hmac
import socket
import ssl
import webbrowser
from typing import Annotated

from cyclopts import Parameter

from roomgate.cli.api import Api, trust
from roomgate.cli.exits import DONE, SaysNo
from roomgate.cli.output import Json, say, show_json
from roomgate.cli.running import until_stopped
from roomgate.cli.tunnel_wire import Opened, TunnelWire, open_wire
from roomgate.errors import BadInput, Unreachable
from roomgate.tunnel.ends import End

HOST = "127.0.0.1"
LOOK_S = 10.0
READ_AHEAD = 256 * 1024


def tunnel(
    room: str,
    /,
    *,
    port: int = 0,
    no_open: bool = False,
    pin: str = "",
    reason: Annotated[str, Parameter(help="why; it is kept in the ledger")] = "",
    json: Json = False,
) -> int:
    """Open the device's own web page, on a port of this machine, until you stop it or your access ends.

    The bytes go through the hub inside the device's own TLS. The browser is opened only if the device shows the
    certificate by which the site knows it. The site has to allow this by name, since inside the page nothing is judged.

    Example: ``roomgate room tunnel oslo --no-open``

    Parameters
    ----------
    port
        on which to listen; without it, one that is free
    no_open
        do not open a browser
    pin
        SHA-256 of the device's certificate, as you know it from elsewhere: it must agree as well
    """
    if not 0 <= port <= 65535:
        raise BadInput("A port is from 0 to 65535.")
    known = parse_fingerprint(pin) if pin else ""
    asyncio.run(until_stopped(_hold(Api.from_profile(), room, port, known, reason, browse=not no_open, json=json)))
    return DONE


async def _hold(api: Api, room: str, port: int, known: str, reason: str, *, browse: bool, json: bool) -> None:
    with socket.create_server((HOST, port)) as listener:  # first: where the port is not free, nobody is asked anything
        wire = await open_wire(api, room, reason, trust(api.ca))
        try:
            opened = await wire.opened(lambda: None if json else say("Waiting for somebody in the room to say yes …"))
            async with asyncio.TaskGroup() as group:
                end = End(group, wire.put)
                server = await asyncio.start_server(end.accept, sock=listener, limit=READ_AHEAD)
                wire.listen(end.feed)
                async with server:
                    try:
                        await _serve(wire, listener.getsockname()[1], room, opened, known, browse=browse, json=json)
                    finally:
                        end.close()  # before the server: from Python 3.12 on a server waits for its connections
        finally:
            wire.close()


async def _serve(
    wire: TunnelWire, port: int, room: str, opened: Opened, known: str, *, browse: bool, json: bool
) -> None:  # fmt: skip
    """Until the tunnel ends: raises why. Raises SaysNo at once where the certificates do not agree."""
    address = f"https://{HOST}:{port}/"
    shown = await _look(wire, port)
    wanted = [one for one in (opened.fingerprint, known) if one]
    agree = bool(wanted) and all(hmac.compare_digest(one, shown) for one in wanted)
    _tell(room, address, opened.fingerprint, opened.by, shown, agree, json)
    if not agree:
        hint = "Somebody may stand between you and the device. Do not sign in; ask who runs the site."
        raise SaysNo("tunnel.certificate", "The device shows another certificate than expected.", hint)
    if browse:
        await asyncio.to_thread(webbrowser.open, address)
    await wire.ended


async def _look(wire: TunnelWire, port: int) -> str:
    """The certificate that the device shows, through the tunnel itself: its SHA-256. Raises Unreachable, or why it ended."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is compared, not believed
    try:
        async with asyncio.timeout(LOOK_S):
            _, writer = await asyncio.open_connection(HOST, port, ssl=context)
    except (OSError, TimeoutError) as bad:
        if wire.ended.done():
            wire.ended.result()
        raise Unreachable("The device does not answer through the tunnel.", hint="Try again in a moment.") from bad
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return hashlib.sha256(shown).hexdigest()


def _tell(room: str, address: str, fingerprint: str, by: str, shown: str, agree: bool, json: bool) -> None:
    if json:
        show_json(
            {"room": room, "address": address, "fingerprint": fingerprint, "by": by, "shown": shown, "agree": agree}
        )
        return
    say(f"The site knows {room}'s device by {grouped(fingerprint) or 'no certificate'}{' (' + by + ')' if by else ''}")
    say(f"Through the tunnel it shows {grouped(shown)}")
    if agree:
        say(f"They agree. Its own page is at {address} until you press Ctrl-C, or your access ends.")


def grouped(fingerprint: str) -> str:
    """In groups of four, for eyes."""
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))


def parse_fingerprint(text: str) -> str:
    """A SHA-256 in any usual spelling, as 64 hex digits; raises BadInput."""
    found = "".join(text.lower().removeprefix("sha256:").replace(":", "").replace("-", "").split())
    if len(found) != 64 or any(letter not in "0123456789abcdef" for letter in found):
        raise BadInput("--pin takes the SHA-256 of the device's certificate: 64 hex digits.")
    return found
