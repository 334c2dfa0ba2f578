"""Sends one text to one address, in a thread with a deadline. The library is loaded when the first is sent.

A receiver that says a word every few seconds holds its thread for as long as it likes. So each has one of its own,
and no second one while it is held; and none of them keeps the program from ending.
"""

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from roomgate.hub.alerts.address import Address, BadAddress, is_public

DEADLINE_S = 30.0
_NOT_REACHED = "The receiver could not be reached."
_STATUS = re.compile(r"\berror=(\d{3})\b")

Resolve = Callable[[str], Iterable[str]]


def resolve(host: str) -> list[str]:
    """Every address of a host; raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


class Sender:
    """``hosts``: of one's own network, which may be sent to all the same."""

    def __init__(self, hosts: Iterable[str], resolve: Resolve = resolve, deadline_s: float = DEADLINE_S) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._resolve = resolve
        self._deadline_s = deadline_s
        self._held: set[str] = set()  # addresses with a thread that has not come to its end

    async def check(self, address: Address) -> None:
        """Whether it may be sent to; raises BadAddress."""
        await self._in_thread(self._open, address)

    async def send(self, address: Address, title: str, body: str) -> str:
        """ "" where it was taken, else what went wrong, in a sentence that says nothing of the address."""
        try:
            return str(await self._in_thread(self._send, address, title, body))
        except BadAddress as bad:
            return bad.message
        except TimeoutError:
            return "The receiver took too long."

    async def _in_thread(self, work: Callable[..., Any], address: Address, *given: object) -> Any:
        """Raises TimeoutError, also where the last that was sent there has not come to its end."""
        if address.url in self._held:
            raise TimeoutError
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()

        def settle(found: Any, fault: Exception | None) -> None:
            self._held.discard(address.url)
            if fault is None and not done.done():
                done.set_result(found)
            elif fault is not None and not done.done():
                done.set_exception(fault)

        def run() -> None:
            found, fault = None, None
            try:
                found = work(address, *given)
            except Exception as bad:  # handed to whoever waits
                fault = bad
            with suppress(RuntimeError):  # the program has ended meanwhile
                loop.call_soon_threadsafe(settle, found, fault)

        self._held.add(address.url)
        threading.Thread(target=run, name="alerts.send", daemon=True).start()
        async with asyncio.timeout(self._deadline_s):
            return await done

    def _open(self, address: Address) -> Any:
        """The library's own view of it, once its host may be sent to: looked up each time, as names move."""
        import apprise

        asset = apprise.AppriseAsset(http_redirects=False, secure_logging=True)
        opened = apprise.Apprise.instantiate(address.url, asset=asset, suppress_exceptions=True)
        if opened is None:
            raise BadAddress("The address is not complete for its kind.")
        hosts = {str(h).strip("[]").lower() for name in ("host", "smtp_host") if (h := getattr(opened, name, None))}
        for host in sorted(hosts - self._hosts) if address.looked_up else ():
            if address.masked.startswith("mailto") and host != str(getattr(opened, "smtp_host", "")).lower():
                continue  # the domain of the mail address: nothing is sent to it
            try:
                found = list(self._resolve(host))
            except (OSError, UnicodeError) as bad:
                raise BadAddress("The host of the address was not found.") from bad
            if not found or not all(map(is_public, found)):
                raise BadAddress("The host of the address is not a public one.", hint=_ALLOW)
        return opened

    def _send(self, address: Address, title: str, body: str) -> str:
        import apprise

        opened = self._open(address)
        with apprise.LogCapture(level=30) as said:  # type: ignore[no-untyped-call]  # warnings: the only place where it tells what went wrong
            done = bool(opened.notify(body=body, title=title, notify_type=apprise.NotifyType.WARNING))
            words = said.getvalue()
        if done:
            return ""
        found = _STATUS.search(words)
        return f"The receiver answered {found[1]}." if found else _NOT_REACHED


_ALLOW = "Name the host in `alert_hosts` of the hub's configuration if it is one of yours."
