"""What flows in a call: a channel for each kind and direction, with the figures of its network.

The far end is part of the play: an address that starts with ``lossy`` loses one packet in fourteen and comes unevenly.
Figures of this kind change all the time on a device; here they change when a call is connected, held or read.
"""

from roomgate.sim.state import Part, State

_KINDS = (("Audio", "Opus", 64_000, 50), ("Video", "H264", 3_000_000, 300))  # codec, bits and packets a second
_WAYS = ("Incoming", "Outgoing")


def open_channels(state: State, call: int, far_end: str, encryption: str) -> None:
    """The call is connected: sound and picture, each way."""
    lossy = far_end.startswith("lossy")
    number = 0
    for kind, codec, rate, packets in _KINDS:
        for way in _WAYS:
            number += 1
            bad = lossy and way == "Incoming"
            lost = packets // 14 if bad else 0
            leaves: dict[tuple[Part, ...], str | int] = {
                ("Type",): kind,
                ("Direction",): way,
                ("Encryption",): encryption,
                (kind, "Protocol"): codec,
                (kind, "ChannelRole"): "Main",
                ("Netstat", "ChannelRate"): rate,
                ("Netstat", "Jitter"): 64 if bad else 4,
                ("Netstat", "MaxJitter"): 180 if bad else 9,
                ("Netstat", "RoundTripTime"): 31,
                ("Netstat", "LastIntervalLost"): lost,
                ("Netstat", "LastIntervalReceived"): packets - lost,
                ("Netstat", "Loss"): lost,
                ("Netstat", "Packets"): packets - lost,
            }
            if kind == "Video":
                leaves |= {(kind, "ResolutionX"): 1280, (kind, "ResolutionY"): 720, (kind, "FrameRate"): 30}
            for path, value in leaves.items():
                state.put("MediaChannels", "Call", call, "Channel", number, *path, value=value)


def count_packets(state: State, call: int, seconds: int) -> None:
    """Sums grow with the call; this tells nobody, as durations do not either."""
    for number, (_, _, _, packets) in enumerate((kind for kind in _KINDS for _ in _WAYS), 1):
        lost = state.read("Status", "MediaChannels", "Call", call, "Channel", number, "Netstat", "LastIntervalLost")
        if isinstance(lost, int):
            where = ("MediaChannels", "Call", call, "Channel", number, "Netstat")
            state.put(*where, "Packets", value=(packets - lost) * max(1, seconds), quiet=True)
            state.put(*where, "Loss", value=lost * max(1, seconds), quiet=True)


def close_channels(state: State, call: int) -> None:
    state.drop("MediaChannels", "Call", call)
