"""What people put onto a device, and it keeps over a restart of the program: macros, panels, pictures, certificates,
slots, camera presets and banners. Pure; `store` writes it to a file of its own, since it may be large and seldom changes.
"""

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from roomgate.sim.branding import Picture
from roomgate.sim.cameras import Preset
from roomgate.sim.device import Device
from roomgate.sim.extension_panel import Panel
from roomgate.sim.macros import Macro
from roomgate.sim.slots import Slot
from roomgate.sim.trust import Kept


class Certificate(msgspec.Struct):
    """One certificate as PEM, with its purposes."""

    pem: str
    purposes: list[str] = []


class Contents(msgspec.Struct):
    """The file ``contents.json``."""

    macros: dict[str, Macro] = {}
    macros_run: bool = False
    panels: list[Panel] = []
    branding: dict[str, Picture] = {}
    services: list[Certificate] = []
    authorities: list[Certificate] = []
    slots: list[Slot] = []
    presets: dict[int, Preset] = {}
    sign_in_banner: str = ""
    welcome_banner: str = ""


def parts(device: Device) -> tuple[object, ...]:
    """Everything that is kept, as it stands: none of it is changed in place, so another part is another object."""
    return (
        *device.macros.by_name.items(),
        device.macros.is_running,
        *device.extensions.panels.values(),
        *device.branding.by_type.items(),
        *device.trust.services.values(),
        *device.trust.authorities.values(),
        *device.slots.by_number.values(),
        *device.cameras.presets.items(),
        device.system.sign_in_banner,
        device.system.welcome_banner,
    )


def contents_of(device: Device) -> Contents:
    """What the device keeps now."""
    return Contents(
        macros=device.macros.by_name,
        macros_run=device.macros.is_running,
        panels=list(device.extensions.panels.values()),
        branding=device.branding.by_type,
        services=[_packed(one) for one in device.trust.services.values()],
        authorities=[_packed(one) for one in device.trust.authorities.values()],
        slots=list(device.slots.by_number.values()),
        presets=device.cameras.presets,
        sign_in_banner=device.system.sign_in_banner,
        welcome_banner=device.system.welcome_banner,
    )


def restore(device: Device, contents: Contents) -> None:
    """Bring a fresh device to what it kept; nobody is told. Raises ValueError for a certificate that is none."""
    device.macros.by_name, device.macros.is_running = contents.macros, contents.macros_run
    device.extensions.panels = {panel.id: panel for panel in contents.panels}
    device.branding.by_type = contents.branding
    device.branding.tell()
    for where, packed in (
        (device.trust.services, contents.services),
        (device.trust.authorities, contents.authorities),
    ):
        for one in packed:
            kept = Kept(x509.load_pem_x509_certificate(one.pem.encode()), frozenset(one.purposes))
            where[kept.fingerprint()] = kept
    for slot in contents.slots:
        device.slots.keep(slot)
    device.cameras.presets = contents.presets
    device.system.sign_in_banner = contents.sign_in_banner
    device.system.welcome_banner = contents.welcome_banner
    device.state.take_changes()


def _packed(one: Kept) -> Certificate:
    return Certificate(one.certificate.public_bytes(Encoding.PEM).decode(), sorted(one.purposes))
