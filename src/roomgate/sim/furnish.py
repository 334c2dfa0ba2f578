"""What a room has before anything happens in it: its hardware, software, network, and every default setting."""

import hashlib
from datetime import datetime
from functools import lru_cache

from roomgate.sim.branding import NAMED
from roomgate.sim.cameras import HOME
from roomgate.sim.offer import default_configuration
from roomgate.sim.profile import Profile, display_name
from roomgate.sim.state import Part, State
from roomgate.sim.video import LAYOUTS
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.tree import Document


@lru_cache(maxsize=1)
def _defaults() -> Document:
    state = State()
    for parts, value in default_configuration(Catalogue.shipped()):
        state.configure(*parts, value=value, quiet=True)
    return dict(state.document["Configuration"])


@lru_cache(maxsize=64)
def _alike(profile: Profile) -> Document:
    """The documents that all rooms of one profile begin with, as one that they share."""
    state = State({"Status": {}, "Configuration": _defaults()})
    for words, value in profile.settings:
        state.configure(*words, value=value, quiet=True)
    for parts, value in _hardware(profile).items():
        state.put(*parts, value=value, quiet=True)
    return state.document


def furnish(state: State, name: str, profile: Profile, now: datetime) -> None:
    """Fill the documents of a room called ``name``; its serial number and addresses follow from the name."""
    state.document = _alike(profile)
    state.configure("SystemUnit", "Name", value=name, quiet=True)
    for parts, value in _own(name, now).items():
        state.put(*parts, value=value, quiet=True)


def _own(name: str, now: datetime) -> dict[tuple[Part, ...], str | int]:
    number = hashlib.sha256(name.encode()).hexdigest()
    mac = "02:" + ":".join(number[at : at + 2].upper() for at in range(0, 10, 2))
    return {
        ("SystemUnit", "BroadcastName"): name,
        ("SystemUnit", "Hardware", "Module", "SerialNumber"): "SIM" + number[:8].upper(),
        ("SIP", "Registration", 1, "URI"): f"{number[:6]}@rooms.example.com",
        ("Network", 1, "IPv4", "Address"): f"192.0.2.{int(number[:2], 16) % 250 + 2}",
        ("Network", 1, "Ethernet", "MacAddress"): mac,
        ("UserInterface", "ContactInfo", "Name"): name,
        ("Time", "SystemTime"): now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


_MODES: dict[str, dict[tuple[Part, ...], str | int]] = {
    "teams": {
        ("MicrosoftTeams", "Software", "Version", "TeamsApp"): "1449/1.0.96.2026010101",
        ("MicrosoftTeams", "User", "SignedIn"): "True",
    },
    "zoom": {("Zoom", "AppExperience", "State"): "Active", ("Zoom", "AppExperience", "User", "SignedIn"): "True"},
}


def _hardware(profile: Profile) -> dict[tuple[Part, ...], str | int]:
    return {
        **_MODES.get(profile.mode, {}),
        ("SystemUnit", "ProductId"): "Cisco Board Pro 55",
        ("SystemUnit", "ProductPlatform"): "Board Pro 55",
        ("SystemUnit", "ProductType"): "Cisco Codec",
        ("SystemUnit", "Software", "DisplayName"): display_name(profile.release),
        ("SystemUnit", "Software", "Name"): "s53300",
        ("SystemUnit", "Software", "Version"): profile.release,
        ("SystemUnit", "Software", "ReleaseDate"): profile.released,
        ("SystemUnit", "Software", "OptionKeys", "Encryption"): "True",
        ("SystemUnit", "Software", "OptionKeys", "MultiSite"): "False",
        ("SystemUnit", "Hardware", "Monitoring", "Temperature", "Status"): "Normal",
        ("SystemUnit", "Hardware", "Monitoring", "Fan", 1, "Status"): "2100 rpm",
        ("SystemUnit", "State", "System"): "Initialized",
        ("SystemUnit", "State", "Subsystem", "Application"): "Initialized",
        ("SystemUnit", "State", "NumberOfActiveCalls"): 0,
        ("SystemUnit", "State", "NumberOfInProgressCalls"): 0,
        ("SystemUnit", "State", "NumberOfSuspendedCalls"): 0,
        ("SystemUnit", "LastShutdownReason"): "Restart",
        ("SystemUnit", "Uptime"): 0,
        ("Audio", "Volume"): 50,
        ("Audio", "VolumeMute"): "Off",
        ("Audio", "Microphones", "Mute"): "Off",
        ("Audio", "Microphones", "NoiseRemoval"): "Off",
        ("Audio", "SelectedDevice"): "Internal",
        **{
            ("Video", "Input", "Connector", n, leaf): value
            for n, kind in enumerate(("Camera", "HDMI"), 1)
            for leaf, value in (("Connected", "True"), ("SignalState", "OK"), ("SourceId", n), ("Type", kind))
        },
        ("Video", "Input", "MainVideoMute"): "Off",
        ("Video", "Input", "MainVideoSource"): "1",
        ("Video", "Layout", "CurrentLayouts", "ActiveLayout"): "Grid",
        **{
            ("Video", "Layout", "CurrentLayouts", "AvailableLayouts", n, "LayoutName"): name
            for n, name in enumerate(LAYOUTS, 1)
        },
        ("Video", "Selfview", "Mode"): "Off",
        ("Video", "Selfview", "FullscreenMode"): "Off",
        ("Video", "Selfview", "OnMonitorRole"): "First",
        ("Video", "Selfview", "PIPPosition"): "CenterRight",
        ("Standby", "State"): "Off",
        ("Standby", "Level"): "None",
        ("Conference", "Presentation", "Mode"): "Off",
        ("Conference", "DoNotDisturb"): "Inactive",
        ("SIP", "Registration", 1, "Status"): "Registered",
        ("SIP", "Registration", 1, "Reason"): "",
        ("SIP", "Registration", 1, "Authentication"): "Off",
        ("Webex", "Status"): "Stopped",
        ("Provisioning", "Status"): "Idle",
        ("Provisioning", "Software", "UpgradeStatus", "Status"): "None",
        ("Provisioning", "Software", "UpgradeStatus", "Phase"): "None",
        ("Logging", "ExtendedLogging", "Mode"): "Off",
        ("Logging", "ExtendedLogging", "PacketDump"): "Off",
        ("Logging", "ExtendedLogging", "RenderingDump"): "Off",
        ("Network", 1, "ActiveInterface"): "LAN",
        ("Network", 1, "IPv4", "Gateway"): "192.0.2.1",
        ("Network", 1, "IPv4", "SubnetMask"): "255.255.255.0",
        ("Network", 1, "Ethernet", "Speed"): "1000full",
        ("NetworkServices", "NTP", "Status"): "Synced",
        ("RoomAnalytics", "PeopleCount", "Current"): 0,
        ("RoomAnalytics", "PeopleCount", "Capacity"): 8,
        ("RoomAnalytics", "PeoplePresence"): "No",
        ("RoomAnalytics", "RoomInUse"): "False",
        ("RoomAnalytics", "T3Alarm", "Detected"): "False",
        **{("UserInterface", "Branding", "CustomId", kind): "" for kind in NAMED},
        ("Bookings", "Availability", "Status"): "Free",
        ("Bookings", "Availability", "TimeStamp"): "",
        ("Bookings", "Current", "Id"): "",
        ("Cameras", "Camera", 1, "Connected"): "True",
        ("Cameras", "Camera", 1, "Model"): "Integrated Camera",
        **{("Cameras", "Camera", 1, "Position", axis): value for axis, value in HOME.items()},
        ("Cameras", "SpeakerTrack", "Availability"): "Available",
        ("Cameras", "SpeakerTrack", "Status"): "Inactive",
        ("Cameras", "SpeakerTrack", "State"): "Off",
        ("Capabilities", "Conference", "MaxActiveCalls"): 2,
        ("Capabilities", "Conference", "MaxAudioCalls"): 2,
        ("Capabilities", "Conference", "MaxCalls"): 7,
        ("Capabilities", "Conference", "MaxVideoCalls"): 1,
    }
