"""The owner of one device: the only one that talks to it.

Theory. The daily account holds the one lasting connection; the privileged one connects for a single call and
hangs up. Every login, of whatever kind, goes through `_enter`, one at a time: there the room's quarantine is
looked at, and there a refusal (of the password or of the certificate) sets it before anybody else may try.
So a device that has changed sees one failed login, ever, until somebody at the site confirms it.

A device leaves open sockets alone when a password changes. After a refusal the old connection is kept just
long enough to end what was begun from outside (hang up, mute, a word on the panel), and then closed.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from roomgate import log
from roomgate.access.capability import Classes
from roomgate.clock import Clock, iso
from roomgate.connector.devices import DeviceEntry
from roomgate.connector.feeds import Dashboard, Feed, Feeds, Listening
from roomgate.connector.fresh_accounts import with_passphrase
from roomgate.connector.mirror import Mirror, dashboard
from roomgate.connector.own_accounts import refuse_own
from roomgate.connector.quarantine import CERTIFICATE, CREDENTIAL, Quarantine, Why
from roomgate.connector.room import Listener, RoomCondition
from roomgate.connector.vault import NoCredential, Vault, VaultDamaged
from roomgate.errors import RoomgateError
from roomgate.ids import DeviceId, RoomName
from roomgate.ledger.event import DeviceConnected, DeviceGone, PrivilegedUsed
from roomgate.redact import Secret, foreign
from roomgate.storage.record import Record
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.client import Client
from roomgate.xapi.dial import connect
from roomgate.xapi.errors import (
    AuthenticationFailed,
    CertificateChanged,
    DeviceUnreachable,
    NoAnswer,
    XapiError,
)
from roomgate.xapi.errors import DeviceGone as ConnectionGone
from roomgate.xapi.flag import Flag
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.tree import Document

DIAL_S = 5.0  # a login that takes longer is none; the proof's promise counts on it
SUBSCRIBE_S = 10.0
CLOSE_S = 3.0

Connect = Callable[[DeviceEntry, str, Secret[str]], AbstractAsyncContextManager[Client]]

_log = log.get("keeper")


def dial_device(entry: DeviceEntry, user: str, password: Secret[str]) -> AbstractAsyncContextManager[Client]:
    """The real connection: TLS known by pin or CA, checked before the password goes out."""
    host = f"[{entry.host}]" if ":" in entry.host else entry.host
    return connect(
        f"wss://{host}:{entry.port}/ws",
        user=user,
        password=password.reveal(),
        pin=entry.pin,
        ca=str(entry.ca) if entry.ca else None,
        connect_timeout_s=DIAL_S,
    )


class Keeper:
    """One room; implements `room.Room`. Somebody must supervise `run`."""

    def __init__(
        self,
        device: DeviceId,
        entry: DeviceEntry,
        *,
        vault: Vault,
        quarantine: Quarantine,
        record: Record,
        clock: Clock,
        told: Callable[["Keeper", RoomCondition, str, bool], None],
        changed: Callable[[DeviceId], None],
        mirror: Mirror | None = None,
        dialling: asyncio.Semaphore | None = None,
        connect: Connect = dial_device,
    ) -> None:
        """``told`` hears of every change of condition, and whether the room's sessions must be cut; ``changed``
        of the mirrored state when it owes the hub something. Neither may wait. ``dialling`` bounds the whole fleet's dials."""
        self.entry = entry
        self.mirror = mirror or Mirror()
        self._device = device
        self._vault = vault
        self._quarantine = quarantine
        self._record = record
        self._clock = clock
        self._told = told
        self._changed = changed
        self._dialling = dialling or asyncio.Semaphore(1)
        self._connect = connect

        self._feeds = Feeds(Dashboard(dashboard(Catalogue.shipped()), self._absorb, lambda: self.mirror.latest))
        self._client: Client | None = None
        self._group: asyncio.TaskGroup | None = None
        self._one_login = asyncio.Lock()
        self._one_privileged = asyncio.Lock()
        self._allowed = Flag()  # to connect
        self._down_said = False
        why = quarantine.of(device)
        self._condition = RoomCondition.QUARANTINED if why else RoomCondition.OFFLINE
        self._words = why.words if why else "Not connected yet."
        if not why:
            self._allowed.set()

    # -- what others see ------------------------------------------------------------------------------

    @property
    def device(self) -> DeviceId:
        return self._device

    @property
    def name(self) -> RoomName:
        return self.entry.name

    @property
    def condition(self) -> RoomCondition:
        return self._condition

    @property
    def words(self) -> str:
        """Why the room is not fine, in a sentence."""
        return self._words

    @property
    def state(self) -> dict[str, Any]:
        return self.mirror.document

    @property
    def connected(self) -> bool:
        return self._client is not None

    @property
    def may_login(self) -> bool:
        return self._condition is not RoomCondition.QUARANTINED

    def fact(self, text: str) -> str:
        """A leaf of the mirrored state as text; "" where there is none."""
        found = tree.lookup(self.state, Path.parse(text).parts)
        return foreign(str(found), 100) if isinstance(found, str | int) else ""

    # -- what others ask ------------------------------------------------------------------------------

    async def call(self, call: Call, *, privileged: bool = False) -> Any:
        """Do one call at the device, once.

        Raises XapiError: DeviceUnreachable when nothing was sent, DeviceGone when it is unknown whether a
        command was done, PermissionDenied for what would change our own accounts. Cancelling does not take back
        what was sent.
        """
        refuse_own(call, (self.entry.daily, self.entry.privileged))
        call = with_passphrase(call)
        if privileged:
            async with self.hold(call.path, privileged=True) as own:
                return await own.call(call)
        client = self._client
        if client is None or (self._condition is RoomCondition.QUARANTINED and not _parting(call)):
            raise DeviceUnreachable(self._words or "The device is not connected.")
        return await client.call(call)

    @asynccontextmanager
    async def hold(self, what: Path, *, privileged: bool = False) -> AsyncIterator[Client]:
        """See `room.Room`. The lasting connection, or one of the privileged account's that ends with the block."""
        if not privileged:
            client = self._client
            if client is None or not self.may_login:
                raise DeviceUnreachable(self._words or "The device is not connected.")
            yield client
            return
        async with self._one_privileged:
            if not self.may_login:
                raise DeviceUnreachable(self._words)
            await self._record.add(PrivilegedUsed(at=iso(self._clock.now()), room=self.name, what=str(what)))
            async with AsyncExitStack() as stack:
                try:
                    client = await self._enter(stack, privileged=True)
                except (NoCredential, VaultDamaged) as missing:  # nothing was sent, and whoever asked is told why
                    raise DeviceUnreachable(missing.message) from missing
                yield client

    async def subscribe(self, path: Path, listener: Listener) -> Callable[[], None]:
        """See `room.Room`. Raises XapiError where the device refuses, is not connected or takes no more."""
        client, group = self._client, self._group
        if client is None or group is None or not self.may_login:
            raise DeviceUnreachable(self._words or "The device is not connected.")
        one = Listening(path, listener)
        feed = self._feeds.find(path)
        joins = feed is not None
        if feed is None:
            feed = self._feeds.add(path)
            self._start(feed, client, group)
        feed.listening.append(one)
        refused: XapiError | None
        try:
            async with asyncio.timeout(SUBSCRIBE_S):
                refused = None if feed.ready is None else await asyncio.shield(feed.ready)
            refused = refused or feed.refusal(path)
        except TimeoutError:
            refused = NoAnswer("The device did not take the subscription in time")
        except BaseException:
            self._leave(feed, one)
            raise
        if refused is not None:
            self._leave(feed, one)
            raise refused
        if joins:
            feed.present(one)
        return lambda: self._leave(feed, one)

    def _leave(self, feed: Feed | Dashboard, one: Listening) -> None:
        number = self._feeds.leave(feed, one)
        if number is not None and self._client is not None and self._group is not None:
            self._group.create_task(self._client.unhear(number), name=f"{self._device}.unhear")

    async def prove(self) -> bool:
        """Both accounts log in afresh, one after the other; see `proof.Provable`."""
        for privileged in (False, True):
            try:
                async with AsyncExitStack() as stack:
                    await self._enter(stack, privileged=privileged)
            except NoCredential:
                if not privileged:
                    return False
            except (XapiError, TimeoutError) as fault:
                _log.info("proof.not-made", device=self._device, privileged=privileged, error=str(fault)[:200])
                return False
        return True

    async def unproven(self) -> None:
        self._told(self, self._condition, "device.unproven", True)

    async def confirm(self, by: str) -> bool:
        """The local operator lifts the quarantine; gives False where there was none. One login is tried next."""
        if self.may_login:
            return False
        self.part()
        await self._quarantine.lift(self._device, self.name, by)
        self._become(RoomCondition.OFFLINE, "confirmed", "Confirmed at the site; connecting.")
        self._allowed.set()
        return True

    def part(self) -> None:
        """End the connection now; nothing more is said to the device."""
        if self._client is not None:
            self._client.end("ended here")

    def retire(self, words: str) -> None:
        """The site has let the device go: from now on only what ends something is done."""
        self._condition, self._words = RoomCondition.QUARANTINED, words
        self._allowed.clear()

    # -- the connection -------------------------------------------------------------------------------

    async def run(self) -> None:
        """One life of the connection: returns when it has ended, or could not be made. Cancelling hangs up."""
        await self._allowed.wait()
        async with AsyncExitStack() as stack:
            try:
                async with self._dialling:
                    client = await self._enter(stack, privileged=False)
            except (AuthenticationFailed, CertificateChanged):
                return  # said and recorded where it was seen
            except (XapiError, TimeoutError, RoomgateError) as fault:
                self._offline(str(fault))
                return
            try:
                await self._live(client)
            finally:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CLOSE_S):
                        await client.aclose()

    async def _enter(self, stack: AsyncExitStack, *, privileged: bool) -> Client:
        """The one place where a password goes out. Raises XapiError, NoCredential or VaultDamaged."""
        async with self._one_login:
            if not self.may_login:
                raise DeviceUnreachable(self._words)
            user = self.entry.account(privileged)
            password = self._vault.get(self.name, user)
            try:
                return await stack.enter_async_context(self._connect(self.entry, user, password))
            except (AuthenticationFailed, CertificateChanged) as refused:
                await self._refused(refused, privileged)
                raise

    async def _refused(self, refused: XapiError, privileged: bool) -> None:
        account = self.entry.account(privileged)
        why = (
            Why(CERTIFICATE, "The device shows another certificate than the site knows.")
            if isinstance(refused, CertificateChanged)
            else Why(CREDENTIAL, f"The device no longer accepts the account {account}.")
        )
        # In force before anything can wait: whoever gets the login lock next sees it.
        self._condition, self._words = RoomCondition.QUARANTINED, why.words
        self._allowed.clear()
        _log.warning("device.quarantined", device=self._device, room=self.name, reason=why.reason)
        try:
            await self._quarantine.put(self._device, self.name, why)
        finally:
            self._told(self, RoomCondition.QUARANTINED, why.reason, True)

    async def _live(self, client: Client) -> None:
        """Subscribe, say so, and stay until the connection ends or has to."""
        self.mirror.begin()
        reason = "stopped"
        async with asyncio.TaskGroup() as group:
            self._client, self._group = client, group
            try:
                await self._attach(client, group)
                self.mirror.settle()
                self._changed(self._device)
                if self.may_login:
                    self._online()
                reason = str(await client.wait_closed())
            finally:
                self._client = self._group = None
                await client.aclose()  # first the connection, so that no feed takes its leave of the device
                for feed in self._feeds:
                    feed.number = None
                    if feed.task is not None:
                        feed.task.cancel()
        self._offline(reason)

    async def _attach(self, client: Client, group: asyncio.TaskGroup) -> None:
        """Every feed subscribed anew, or refused; whoever listened before hears of the gap first."""
        feeds, board = tuple(self._feeds), self._feeds.dashboard
        board.gap()
        for feed in feeds:
            feed.gap()
        board.ready = asyncio.get_running_loop().create_future()
        for feed in feeds:
            self._start(feed, client, group)
        reading = group.create_task(self._read_dashboard(board, board.ready, client), name=f"{self._device}.dashboard")
        waiting: set[asyncio.Future[Any]] = {reading, *(feed.ready for feed in feeds if feed.ready is not None)}
        await asyncio.wait(waiting, timeout=SUBSCRIBE_S)

    async def _read_dashboard(
        self, board: Dashboard, ready: "asyncio.Future[XapiError | None]", client: Client
    ) -> None:
        """The dashboard's subscriptions one after the other; a refusal is noted, and not fatal.

        All at once, the answers would come in one burst, and each connection would keep buffers of that size.
        """
        board.refused.clear()
        hear = board.hear  # one object for all
        try:
            for path in board.paths:
                try:
                    await client.hear(path, hear, current=path.root != "Event")
                    if listening := board.listening_to(path):
                        if (present := await self._present(path, client)) is not None:
                            board.absorb(present)
                        for one in listening:
                            board.present(one)
                except ConnectionGone:
                    raise
                except XapiError as refused:
                    _log.info("feed.refused", device=self._device, path=str(path), error=refused.code)
                    board.refused[path] = refused
            _settle(ready, None)
        except ConnectionGone as gone:
            _settle(ready, gone)
        finally:
            _settle(ready, ConnectionGone("The subscription ended"))
            board.ready = None

    def _start(self, feed: Feed, client: Client, group: asyncio.TaskGroup) -> None:
        feed.ready, feed.refused, feed.number = asyncio.get_running_loop().create_future(), None, None
        feed.task = group.create_task(self._read(feed, feed.ready, client), name=f"{self._device}.{feed.path}")

    async def _read(self, feed: Feed, ready: "asyncio.Future[XapiError | None]", client: Client) -> None:
        """Subscribe, and tell the present value; a refusal is noted, and not fatal."""
        try:
            number = await client.hear(feed.path, feed.hear)
            try:
                if feed.path.root != "Event":
                    feed.document = tree.merge(feed.document, await self._present(feed.path, client) or {})
                    for one in tuple(feed.listening):
                        feed.present(one)
                feed.number = number
            finally:
                if feed.number is None:
                    await client.unhear(number)
            _settle(ready, None)
        except ConnectionGone as gone:
            _settle(ready, gone)
        except XapiError as refused:
            _log.info("feed.refused", device=self._device, path=str(feed.path), error=refused.code)
            _settle(ready, refused)
        finally:
            _settle(ready, ConnectionGone("The subscription ended"))
            feed.task = feed.ready = None
            feed.refused = ready.result()

    async def _present(self, path: Path, client: Client) -> Document | None:
        """The present value, to tell who listens: asked for, since of nothing a device says nothing. None: unread."""
        try:
            return await client.query(path)
        except ConnectionGone:
            raise
        except XapiError as refused:  # it may be heard but not read
            _log.info("feed.unread", device=self._device, path=str(path), error=refused.code)
            return None

    def _absorb(self, document: Document) -> None:
        self.mirror.absorb(document)
        if self.mirror.owes:
            self._changed(self._device)

    # -- what is said of it ---------------------------------------------------------------------------

    def _online(self) -> None:
        version = self.fact("Status/SystemUnit/Software/Version")
        self._record.add_soon(
            DeviceConnected(
                at=iso(self._clock.now()), room=self.name, device=self._device, version=version, transport="websocket"
            )
        )
        _log.info("device.connected", device=self._device, room=self.name, transport="websocket")
        self._down_said = False
        self._become(RoomCondition.FINE, "", "")

    def _offline(self, reason: str) -> None:
        """One line down in log and ledger for each outage, however often it is tried."""
        if not self.may_login:
            return
        if not self._down_said:
            self._down_said = True
            text = foreign(reason, 120)
            _log.warning("device.gone", device=self._device, room=self.name, reason=text)
            self._record.add_soon(
                DeviceGone(at=iso(self._clock.now()), room=self.name, device=self._device, reason=text)
            )
        self._become(RoomCondition.OFFLINE, "device.gone", foreign(reason, 200))

    def _become(self, condition: RoomCondition, reason: str, words: str) -> None:
        before, self._condition, self._words = self._condition, condition, words
        if condition is not before:
            self._told(self, condition, reason, False)


def _parting(call: Call) -> bool:
    """What may still be said on the old connection after a refusal: the safe direction, and why."""
    return Classes.shipped().relieving(call) or (
        call.verb is Verb.COMMAND and call.path.words[:2] == ("UserInterface", "Message")
    )


def _settle(ready: "asyncio.Future[XapiError | None]", result: XapiError | None) -> None:
    if not ready.done():
        ready.set_result(result)
