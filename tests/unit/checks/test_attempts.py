"""Each attempt on two targets that differ in one thing: one that is open in this way, and one that is shut."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from roomgate.checks.attempts import ATTEMPTS, Access, Patience, Request, Result, Target, Trace, attempt
from support.cli import Certificates, Said, book_hub

SECRET = "room-4711"
SIGN_IN = '<form><input name="user"><input type="password" name="passphrase"></form>'
DEVICE = "<html>\n<a href='/web/'>home</a>\n" + "\n".join(f"<p>{n}</p>" for n in range(9)) + "\n</html>"
OWN_PAGE = (
    "<html><body><main><h1>Hub</h1><p>x</p><p>y</p><form><input type='password' name='secret'></form></main></html>"
)
GOOD = {"Authorization": "Bearer good"}


@dataclass
class Connector:
    """Answers like a connector that is shut, but for what ``open_`` names; it is its own owner, too."""

    address: str = ""
    open_: set[str] = field(default_factory=set)
    over: bool = False  # whatever ended the access has happened
    reads: int = 0
    brief: bool = False  # what was issued last ends after its first use: time is not waited for
    dialled: int = 0
    asked: list[Said] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)

    def answer(self, said: Said) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(said)
        authorised = said.headers.get("Authorization") == "Bearer good" or "no sign-in" in self.open_
        alive = "for ever" in self.open_ or not (self.over or (self.brief and self.reads))
        match said.path:
            case "/web/signin":
                return 200, {}, SIGN_IN.encode()
            case "/d/signin":
                return 200, {}, (SIGN_IN if "imitation" in self.open_ else OWN_PAGE).encode()
            case "/d" if "doctored" in self.open_:
                return 200, {}, (DEVICE + f"<p>{SECRET}</p>").encode()
            case "/d":
                return 200, {}, OWN_PAGE.encode()
            case "/name" if authorised and alive:
                self.reads += 1
                return 200, {}, SECRET.encode()
            case "/dial" if authorised and alive:
                self.dialled += 1
                return 200, {}, b"{}"
            case _:
                return 401, {}, b"no"

    async def issue(self, seconds: float) -> Access:
        self.over, self.reads, self.brief = False, 0, seconds == SHORT.link_lives_s
        read = Request("GET", f"{self.address}/name")
        return Access(f"{self.address}/d", read, Request("POST", f"{self.address}/dial", {}), GOOD)

    async def change_admin_password(self) -> None:
        self.over = True

    async def remove_admin(self) -> None:
        self.over = True

    async def change_device_password(self) -> None:
        self.over = True

    async def calls(self) -> int:
        return self.dialled

    async def records(self) -> list[Trace]:
        return self.traces


SHORT = Patience(link_lives_s=0.01, after_its_end_s=0.0, device_notices_s=0.2, again_s=0.01)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.make(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def connector(authority: Certificates) -> Iterator[Connector]:
    with book_hub(authority) as book:
        made = Connector(book.address)
        book.by = made.answer
        yield made


def target(connector: Connector, authority: Certificates) -> Target:
    return Target("x", connector, str(authority.ca), SECRET, connector.address, str(authority.ca))


async def tried(name: str, connector: Connector, authority: Certificates) -> Result:
    return await attempt(name, target(connector, authority), SHORT)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["F1", "F2", "F3", "F4", "F5", "F6"])
async def test_a_connector_that_is_shut_is_found_shut(name, connector, authority):
    found = await tried(name, connector, authority)
    assert (found.attempt, found.outcome, found.safe) == (name, "refused", True)
    assert found.title == ATTEMPTS[name][0]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "how", "said"),
    [
        ("F1", "no sign-in", "read the device, placed a call"),
        ("F2", "for ever", "still open after its time"),
        ("F3", "for ever", "after the new password: open; after the removal: open"),
        ("F4", "for ever", "still open"),
        ("F5", "doctored", "a changed copy"),
        ("F6", "imitation", "100% like the device's"),
    ],
)
async def test_each_kind_of_open_is_found_open(name, how, said, connector, authority):
    connector.open_ = {how}
    found = await tried(name, connector, authority)
    assert (found.outcome, found.safe) == ("open", False)
    assert said in found.detail


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["F2", "F3", "F4"])
async def test_an_access_that_never_worked_proves_nothing(name, connector, authority):
    """Shut after the change is worth something only if it was open before."""

    async def broken(seconds: float) -> Access:
        return Access(f"{connector.address}/d", Request("GET", f"{connector.address}/nothing"), Request("POST", "x"))

    connector.issue = broken  # type: ignore[method-assign]  # this fake's own
    assert (await tried(name, connector, authority)).outcome == "open"


@pytest.mark.asyncio
async def test_only_a_proven_trace_counts(connector, authority):
    whole = Trace("ada", "Dial", "2026-03-10T09:00:00Z", True)
    for traces in ([], [Trace("ada", "Dial", "2026-03-10T09:00:00Z", False)], [Trace("", "Dial", "x", True)]):
        connector.traces = traces
        found = await tried("F7", connector, authority)
        assert (found.outcome, found.safe) == ("no trace", False)
    connector.traces = [whole]
    found = await tried("F7", connector, authority)
    assert (found.outcome, found.safe) == ("who, what, when, with proof", True)
    assert "Dial at 2026-03-10T09:00:00Z" in found.detail


@pytest.mark.asyncio
async def test_a_target_that_does_not_answer_has_not_been_shown_to_be_shut(authority):
    away = Connector("https://localhost:1")
    with pytest.raises(httpx.ConnectError):
        await tried("F1", away, authority)


@pytest.mark.asyncio
async def test_the_outside_client_keeps_no_cookie_and_sends_no_credential_by_itself(connector, authority):
    await tried("F1", connector, authority)
    assert all("Authorization" not in said.headers and "Cookie" not in said.headers for said in connector.asked)


def test_what_goes_with_an_access_is_not_printed():
    assert "good" not in repr(Access("x", Request("GET", "x"), Request("POST", "x"), GOOD))
