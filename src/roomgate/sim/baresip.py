"""What Debian's SIP user agent `baresip` is told and what it says: its configuration, its commands, its events. Pure.

Its module ``ctrl_tcp`` takes JSON commands and sends JSON events, each as a netstring (``12:hello, world,``), as its
manual has it. Sound comes from a tone generator and goes nowhere, so no sound device is needed. Seen with 1.1.0.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roomgate.errors import BadInput, RoomgateError

LARGEST = 64 * 1024  # of one frame; a call's description is a few hundred bytes
_MODULES = ("g711.so", "aubridge.so", "ausine.so")
_LATER = ("uuid.so", "account.so")
_APPS = ("menu.so", "ctrl_tcp.so")
_DOMAIN = "rooms.example"  # who the room says it is; nobody is asked about it
_DIGITS = re.compile(r"[0-9]{1,7}\Z", re.ASCII)
_TARGET = re.compile(r"[A-Za-z0-9._+*#=!~-]{1,128}(?:@[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?)?\Z", re.ASCII)
_TONES = re.compile(r"[0-9A-D*#]{1,32}\Z", re.ASCII)
_CALL_ID = re.compile(r"call id: ([0-9A-Za-z-]{1,64})", re.ASCII)
_CODE = re.compile(r"([3-6][0-9]{2}) ", re.ASCII)
_PROXY = re.compile(r"(127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}):([0-9]{1,5})\Z", re.ASCII)


class BadFrame(RoomgateError):
    """What came from the user agent is nothing that it is known to say."""

    code = "sim.sip.bad-frame"
    hint = "The simulator starts the user agent anew; is it baresip 1.1?"


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a command."""

    token: str
    ok: bool
    text: str

    @property
    def call(self) -> str:
        """The agent's own id of a call that was dialled; "" where there is none."""
        found = _CALL_ID.search(self.text)
        return found.group(1) if found else ""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a call. ``code`` is the SIP status that ended it, 0 where none did."""

    kind: str
    call: str
    code: int


def parse_proxy(text: str) -> str:
    """``HOST:PORT`` of where all calls are sent. Raises BadInput for any address but this machine's own loopback."""
    found = _PROXY.match(text)
    if (
        not found
        or not all(int(part) < 256 for part in found.group(1).split("."))
        or not 0 < int(found.group(2)) < 65536
    ):
        raise BadInput(
            "--sip takes a loopback address with a port, such as 127.0.0.1:5060: real calls leave no machine."
        )
    return text


def find_target(number: str) -> str | None:
    """The SIP address for what was dialled; None for what is none, which nobody answers to."""
    bare = number.strip().removeprefix("sips:").removeprefix("sip:")
    if not _TARGET.match(bare):
        return None
    return f"sip:{bare}" if "@" in bare else f"sip:{bare}@{_DOMAIN}"


def build_config(modules: Path, control_port: int) -> str:
    """The file ``config``: loopback alone, no sound device, two calls at most."""
    lines = [
        "sip_listen 127.0.0.1:0",
        "net_interface 127.0.0.1",
        "call_max_calls 2",
        "call_local_timeout 30",
        "audio_path /nonexistent",
        "audio_player aubridge,nowhere",
        "audio_alert aubridge,nowhere",
        "audio_source ausine,440",
        "ausrc_srate 48000",
        "ausrc_channels 1",
        "rtp_ports 10240-19999",
        "statmode_default off",
        f"ctrl_tcp_listen 127.0.0.1:{control_port}",
        f"module_path {modules}",
        *(f"module {name}" for name in _MODULES),
        *(f"module_tmp {name}" for name in _LATER),
        *(f"module_app {name}" for name in _APPS),
    ]
    return "\n".join(lines) + "\n"


def build_account(room: str, proxy: str) -> str:
    """The file ``accounts``: who the room is, registered nowhere; every call goes by way of ``proxy``."""
    user = re.sub(r"[^a-z0-9]+", "-", room.lower()).strip("-") or "room"
    return (
        f'<sip:{user}@{_DOMAIN}>;regint=0;outbound="sip:{proxy};transport=udp";answermode=manual;'
        "audio_codecs=PCMU/8000/1,PCMA/8000/1\n"
    )


def build_command(command: str, parameters: str, token: str) -> bytes:
    """One command as it goes over the wire."""
    body = json.dumps({"command": command, "params": parameters, "token": token}).encode()
    return b"%d:%s," % (len(body), body)


def is_tones(text: str) -> bool:
    """Whether RFC 4733 has an event for each of these, so that all of them can be sent."""
    return bool(_TONES.match(text))


class Frames:
    """Netstrings out of a stream that is cut anywhere."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, more: bytes) -> list[bytes]:
        """The frames that are whole now. Raises BadFrame; then nothing more can be read."""
        self._held += more
        found: list[bytes] = []
        while self._held:
            head, colon, rest = self._held.partition(b":")
            if not colon and len(head) < 8:
                break
            text = head[:8].decode("ascii", "replace")
            if not colon or not _DIGITS.match(text) or int(text) > LARGEST:
                raise BadFrame(f"No length of a frame: {text!r}")
            size = int(text)
            if len(rest) <= size:
                break
            if rest[size : size + 1] != b",":
                raise BadFrame("A frame does not end where it said it would")
            found.append(rest[:size])
            self._held = rest[size + 1 :]
        return found


def parse_frame(frame: bytes) -> Reply | Happened | None:
    """A reply, an event of a call, or None for what concerns nobody here. Raises BadFrame."""
    try:
        told: Any = json.loads(frame)
    except (ValueError, RecursionError) as bad:
        raise BadFrame("A frame is no JSON") from bad
    if not isinstance(told, dict):
        raise BadFrame("A frame is no object")
    if told.get("response") is True:
        return Reply(_text(told, "token"), told.get("ok") is True, _text(told, "data"))
    if told.get("event") is True and told.get("class") == "call":
        code = _CODE.match(_text(told, "param") + " ")
        return Happened(_text(told, "type"), _text(told, "id"), int(code.group(1)) if code else 0)
    return None


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    return value[:1000] if isinstance(value, str) else ""
