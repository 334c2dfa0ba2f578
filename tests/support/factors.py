"""People with second factors, on a hub whose clock is wound by hand."""

from base64 import b32decode
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from roomgate.hub.identity.passkeys import Party
from roomgate.hub.identity.person import Signed
from roomgate.hub.identity.signin import Visitor
from support.hub import PASSWORD, Hub
from support.passkey import Authenticator

HERE = Party("hub.example.com", "https://hub.example.com")


@dataclass
class App:
    """An authenticator app."""

    hub: Hub
    secret: str

    def code(self, steps: int = 0) -> str:
        """What it shows now, or that many steps later."""
        now = int(self.hub.clock.now().timestamp()) + steps * 30
        return TOTP(b32decode(self.secret), 6, SHA1(), 30).generate(now).decode()  # noqa: S303


async def again(hub: Hub, cookie: str) -> Signed:
    """Who that is now, with this cookie."""
    signed = await hub.parts.identity.by_cookie(cookie)
    assert signed is not None
    return signed


async def add_app(hub: Hub, signed: Signed) -> tuple[App, str]:
    """They add an app; gives it, and the new cookie. Afterwards its step of now has served."""
    factors = hub.parts.factors
    await factors.begin_totp(signed)
    offer = factors.offer(signed)
    assert offer is not None
    app = App(hub, offer.secret)
    return app, (await factors.confirm_totp(signed, app.code(), "my telephone")).reveal()


async def add_passkey(
    hub: Hub, signed: Signed, credential: bytes = b"a passkey of a test"
) -> tuple[Authenticator, str]:
    mine = Authenticator(HERE.origin, credential=credential)
    options = await hub.parts.factors.begin_passkey(signed, HERE)
    return mine, (await hub.parts.factors.add_passkey(signed, HERE, mine.make(options), "my key")).reveal()


async def with_app(hub: Hub, name: str, *roles: str) -> App:
    """Somebody new with a password and an app; the clock goes on, so that its next code serves."""
    await hub.person(name, *roles)
    _, cookie = await hub.parts.identity.sign_in(name, PASSWORD, "192.0.2.1")
    app, _ = await add_app(hub, await again(hub, cookie.reveal()))
    hub.clock.advance(30)
    return app


async def begun(hub: Hub, name: str, source: str = "192.0.2.7") -> Visitor:
    """Somebody who gave the right password, and is asked for the second factor."""
    cookie = await hub.parts.signin.password(name, PASSWORD, Visitor(source))
    assert not isinstance(cookie, tuple)
    return Visitor(source, "", cookie.reveal())
