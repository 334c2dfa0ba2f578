"""Who is there: the double with its people, its links and its rooms, as every double is set up."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from roomgate.checks.doubles.app import Double
from roomgate.checks.doubles.device import Bridged, PretendDevice
from roomgate.checks.doubles.flaws import Flaws
from roomgate.checks.doubles.operator import Dial, Operator
from roomgate.checks.doubles.service import DeviceLink, Service
from roomgate.checks.pace import Time

OAK, ELM = "oak", "elm"
ADA, BEN, GUS = "ada", "ben", "gus"  # who owns the links; somebody else; whose passwords may be guessed at
# Each cause has somebody of its own, so that a run of one leaves the others as they were.
CAUSES = (
    "admin-password", "own-password", "device-password", "deleted", "disabled", "scim-disabled", "role-removed",
    "grant-removed", "lock", "session-ended", "signed-out",
)  # fmt: skip
LINKS = 5


def test_person(cause: str) -> str:
    return f"test-{cause}"


def role_of(name: str) -> str:
    return "administrator" if name in (ADA, test_person("admin-password")) else "user"


@dataclass(slots=True)
class Scene:
    double: Double
    links: list[DeviceLink]
    passwords: dict[str, str] = field(repr=False)

    @property
    def service(self) -> Service:
        return self.double.service


async def _nowhere(host: str, port: int) -> str:
    return "nothing was dialled"


async def build_scene(
    flaws: Flaws, time: Time, devices: Mapping[str, Bridged] | None = None, dial: Dial = _nowhere
) -> Scene:
    """A whole double. Without ``devices``, they are pretended."""
    devices = devices or {OAK: PretendDevice("Oak room"), ELM: PretendDevice("Elm room")}
    service = Service(time, flaws)
    passwords = {name: secrets.token_urlsafe(12) for name in (ADA, BEN, GUS, *(test_person(one) for one in CAUSES))}
    for name, password in passwords.items():
        service.add_person(name, password, role_of(name), frozenset({ELM if name == BEN else OAK}))
    links = [service.issue(ADA, OAK) for _ in range(LINKS)]
    for device in devices.values():
        await device.install()
    return Scene(Double(service, devices, time, Operator(service, devices, dial), devices[ELM]), links, passwords)


def build_bare(flaws: Flaws, time: Time, devices: Mapping[str, Bridged], admin_password: str) -> Double:
    """A double with one administrator and a portal for them, for the demonstration."""
    service = Service(time, flaws)
    service.add_person("admin", admin_password, "administrator", frozenset(devices))
    return Double(service, devices, time, Operator(service, devices, _nowhere, portal=True), devices[OAK])
