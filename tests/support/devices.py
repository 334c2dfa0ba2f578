"""A device of a few lines, behind the keeper's own `Connect`: what logs in, what is open, what is asked."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

from roomgate.xapi import tree
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import (
    AuthenticationFailed,
    CertificateChanged,
    DeviceGone,
    DeviceUnreachable,
    PermissionDenied,
    XapiError,
)
from roomgate.xapi.messages import Feedback
from roomgate.xapi.subscription import Subscription


class MemoryDevice:
    """Like a real one, it leaves open connections alone when a password changes."""

    def __init__(self):
        self.passwords = {"roomgate-daily": "d", "roomgate-privileged": "p"}
        self.document = {"Status": {"Audio": {"Volume": 50}, "Standby": {"State": "Off"}}}
        self.fault: XapiError | None = None  # what every dial meets
        self.forbidden = set()  # paths whose subscription is refused
        self.logins = []  # (user, accepted)
        self.dials = 0
        self.open = []
        self.most_open = {}
        self.calls = []  # (user, call)
        self.before = None  # called, and waited for, at each dial

    @property
    def failed(self):
        return [user for user, accepted in self.logins if not accepted]

    @asynccontextmanager
    async def connect(self, entry, user, password):
        self.dials += 1
        for _ in range(5):  # a network takes turns: others may run meanwhile
            await asyncio.sleep(0)
        if self.before is not None:
            await self.before(user)
        if self.fault is not None:
            raise self.fault
        accepted = self.passwords.get(user) == password.reveal()
        self.logins.append((user, accepted))
        if not accepted:
            raise AuthenticationFailed("refused")
        client = MemoryClient(self, user)
        self.open.append(client)
        self.most_open[user] = max(self.most_open.get(user, 0), sum(c.user == user for c in self.open))
        try:
            yield client
        finally:
            await client.aclose()

    def change(self, document):
        """Something changed at the device."""
        self.document = tree.merge(self.document, document)
        for client in list(self.open):
            client.notice(document)

    def event(self, document):
        for client in list(self.open):
            client.notice(document)

    def drop(self):
        for client in list(self.open):
            client.end(DeviceGone("dropped"))

    def certificate_changed(self):
        self.fault = CertificateChanged("another certificate")

    def unplug(self):
        self.fault = DeviceUnreachable("nobody answers")
        self.drop()


class MemoryClient:
    def __init__(self, device, user):
        self.device = device
        self.user = user
        self.subscriptions = []
        self._numbers = 0
        self._closed = asyncio.Event()
        self._reason = None

    async def call(self, call):
        self._alive()
        self.device.calls.append((self.user, call))
        for _ in range(20):
            await asyncio.sleep(0)
        if call.verb is Verb.GET:
            return tree.lookup(self.device.document, call.path.parts)
        return {"status": "OK"}

    async def query(self, path):
        self._alive()
        found = tree.lookup(self.device.document, path.parts)
        return {} if found is None else tree.expand(path, found)

    async def subscribe(self, path, *, current=False):
        self._alive()
        await asyncio.sleep(0)
        if str(path) in self.device.forbidden:
            raise PermissionDenied("no role")
        subscription = Subscription(path, self._unsubscribe)
        self.subscriptions.append(subscription)
        found = tree.lookup(self.device.document, path.parts) if current else None
        if found is not None:
            subscription.feed(Feedback(1, path.root, tree.expand(path, found)))
        return subscription

    async def hear(self, path, hear, *, current=False):
        subscription = await self.subscribe(path, current=current)
        place = self.subscriptions.index(subscription)
        self.subscriptions[place] = SimpleNamespace(path=path, feed=hear, end=lambda reason: None)
        for feedback in subscription._unread:
            hear(feedback)
        self._numbers += 1
        self.subscriptions[place].number = self._numbers
        return self._numbers

    async def unhear(self, number):
        self.subscriptions = [one for one in self.subscriptions if one.number != number]

    async def _unsubscribe(self, subscription):
        if subscription in self.subscriptions:
            self.subscriptions.remove(subscription)

    def notice(self, document):
        for subscription in self.subscriptions:
            path = subscription.path
            part = tree.prune(document, None, path.covers)
            if part:
                subscription.feed(Feedback(1, path.root, part))

    async def wait_closed(self):
        await self._closed.wait()
        return self._reason

    def end(self, reason):
        if self._reason is not None:
            return
        self._reason = reason
        if self in self.device.open:
            self.device.open.remove(self)
        for subscription in list(self.subscriptions):
            subscription.end(reason)
        self._closed.set()

    async def aclose(self):
        self.end(DeviceGone("closed here"))

    def _alive(self):
        if self._reason is not None:
            raise DeviceGone("gone")
