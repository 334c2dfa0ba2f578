"""What the simulated device does not have, and says so, rather than pretend an effect.

The catalogue holds more commands than there is behaviour. One without behaviour is refused with code 1 and a
sentence; which sentence is decided here, for each family. Nothing answers OK that did nothing.
"""

REASONS = {
    "AirPlay": "AirPlay is not in use",
    "Audio": "This device has no such audio hardware",
    "Bluetooth": "Bluetooth is not in use",
    "Call/FarEndControl": "The far end takes no remote control",
    "Call/FarEndMessage": "The far end takes no messages",
    "Camera": "This camera cannot do that",
    "Cameras": "This camera cannot do that",
    "Conference": "This meeting does not offer that",
    "GPIO": "This device has no GPIO pins",
    "HttpClient": "A simulated device sends no requests",
    "MicrosoftTeams": "Microsoft Teams is not installed",
    "Network": "A simulated device tests no network",
    "Pairing": "Nothing to pair with",
    "Peripherals": "No such peripheral",
    "Provisioning": "A simulated device fetches nothing",
    "Proximity": "Proximity is not in use",
    "RemoteAccess": "No remote access session",
    "RoomCleanup": "Room cleanup is off",
    "Security/Certificates": "This kind of certificate is not simulated",
    "Security": "Not simulated: it would change how the device is guarded",
    "SerialPort": "No serial port",
    "SystemUnit": "A simulated device keeps itself as it is",
    "Time/DateTime/Set": "The clock follows NTP",
    "UserInterface/Branding": "A simulated device fetches nothing",
    "UserManagement/RemoteSupportUser": "Remote support needs the maker, and is not simulated",
    "Video": "This device has no such video hardware",
    "WebEngine": "The web engine is off",
    "Webex": "Not registered with the cloud",
    "Whiteboard": "A simulated device sends no mail",
    "Zoom": "Zoom Rooms is not installed",
}
OTHERWISE = "Not available on this device"


def why_not(words: str) -> str:
    """Why a command that is in the catalogue is refused; ``words`` with slashes. The longest family counts."""
    parts = words.split("/")
    for length in range(len(parts), 0, -1):
        if reason := REASONS.get("/".join(parts[:length])):
            return reason
    return OTHERWISE
