"""Pure: what to do about a device's own diagnostics message, by the kind of trouble that its type names.

There are some 250 types, and each release brings others; those of one kind share the beginning or a word of their
name. A type that names none is shown as the device says it. The words are the console's messages `diag.…`.
"""

from roomgate.hub.console.words import DEFAULT, Words

# The first that is found in the type decides.
_KINDS = (
    ("AirPlay", "airplay"), ("Camera", "camera"), ("SpeakerTrack", "camera"), ("Certificate", "certificate"),
    ("CTL", "provisioning"), ("CAPF", "provisioning"), ("CUCM", "provisioning"), ("Provisioning", "provisioning"),
    ("Password", "accounts"), ("Passphrase", "accounts"), ("HttpFeedback", "feedback"), ("HTTPFeedback", "feedback"),
    ("Macro", "macros"), ("SIP", "sip"), ("H323", "sip"), ("CallProtocol", "sip"), ("Webex", "webex"),
    ("Temperature", "heat"), ("Fan", "fan"), ("Microphone", "microphone"), ("TouchPanel", "touch"),
    ("Upgrade", "upgrade"), ("NTP", "clock"), ("Time", "clock"), ("Encryption", "encryption"), ("TLS", "encryption"),
    ("IPv4", "network"), ("IPv6", "network"), ("Ethernet", "network"), ("Network", "network"), ("DNS", "network"),
    ("Monitor", "screen"), ("Output", "screen"), ("Display", "screen"), ("Ultrasound", "sound"),
    ("Loudspeaker", "sound"), ("Audio", "sound"), ("Disk", "storage"), ("Storage", "storage"),
)  # fmt: skip
ADVICE = tuple(dict.fromkeys(key for _, key in _KINDS))  # what the messages `diag.…` end with


def advice_on(type: str) -> str:
    """The ending of the message that says what to do; "" for a type that we have no words for."""
    return next((key for word, key in _KINDS if word in type), "")


def advise(type: str, words: Words | None = None) -> str:
    """What to do, in a sentence; "" for a type that we have no words for."""
    key = advice_on(type)
    return (words or Words.of(DEFAULT))(f"diag.{key}") if key else ""
