"""What differs between software generations, and what nobody outside could establish: one switch each.

Three generations: CE 9.15, RoomOS 11, RoomOS 26. Only the last one's catalogue is known in full, and the public
sources name no command as newer than 9.15; so an older generation offers the same names, less what ``without``
takes away. A *switch* is a reading that the sources leave open (`xGet` on an empty list, whether a result carries
``status``, the sentences of errors). A profile is one consistent reading of all, and `Profile.with_switches`
gives another, so that a client is tried on both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Self, TypeVar

from roomgate.errors import BadInput

T = TypeVar("T")
SwitchValue = bool | int | float | str
Setting = tuple[tuple[str, ...], str | int]
_WORDS = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


def _switch(otherwise: T, decides: str) -> T:
    made: T = field(default=otherwise, metadata={"decides": decides})
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One generation as the simulator plays it. Times in seconds, rates in requests per second.

    The fields without a sentence of their own are what the public sources establish; the others are switches.
    """

    name: str
    release: str
    released: str
    subscriptions: int = 50  # for each connection (reference guides 11.x; 38 in 9.14)
    slot_expressions: int = 50  # of one HttpFeedback slot (schema; 15 in older guides)
    settings: tuple[Setting, ...] = ()  # defaults that differ from those of RoomOS 26
    ranges: tuple[tuple[tuple[str, ...], int, int], ...] = ()  # of settings that take less than in RoomOS 26
    blank_accounts: str = _switch(
        "refuse",
        "An account that never had a passphrase: 'free' signs in with an empty one, 'no-calls' does and the device "
        "dials nobody meanwhile (11), 'refuse' is let in nowhere but at the web page (11.27.2 and later).",
    )
    # A device handles one Basic-authenticated request a second and queues 30 (release notes 10, 11, 26).
    # The default here is a real limit, but one that a test suite does not live under.
    upgrade_rate: float = 50.0
    upgrade_queue: int = 200
    connect_s: float = _switch(0.15, "Seconds from Dialling to Connected.")

    status_field: bool = _switch(True, "A result with data carries status as well.")
    results_as_text: bool = _switch(False, "Integers inside command results are strings.")
    empty_is_error: bool = _switch(False, "Reading what is absent is an error, not an empty list.")
    hides_unreadable: bool = _switch(
        True, "A subtree leaves out what the account may not read; off: reading it is refused as a whole."
    )
    lenient_numbers: bool = _switch(True, "A setting that takes an integer takes it as a string too.")
    json_booleans: bool = _switch(True, "JSON's true and false are taken for the words True and False.")
    star_in_query: bool = _switch(True, "A query may hold * for one level.")
    doc_rooted: bool = _switch(False, "xDoc answers from the root; off: relative to the path, as xGet does.")
    extra_members: bool = _switch(
        True, "Answers carry members whose names are not established (sessions, macros, certificates)."
    )
    no_match: str = _switch("No match on Path argument", "The sentence for a path that is not there.")
    unknown_command: str = _switch("Unknown command", "The sentence for a command or method that is not there.")
    denied: str = _switch("Permission denied", "The sentence for an account that lacks the role.")
    without: str = _switch("", "Command families that this device does not have, with spaces between: 'Zoom WebRTC'.")

    duration_ticks: bool = _switch(False, "Status Call Duration is announced every second.")
    join_until_end: bool = _switch(False, "Join is offered until a booking's end; off: until its end buffer is over.")
    put_event: str = _switch("Updated", "The event that follows Bookings Put: Updated, SyncRequired, or '' for none.")
    bookings_survive_boot: bool = _switch(True, "The list of bookings is still there after a restart.")
    mode: str = _switch(
        "", "'teams' or 'zoom': the device runs as such a room and takes no list of bookings; '' for RoomOS itself."
    )
    prompt_replaces: bool = _switch(True, "A second prompt clears the first; off: it waits until that is answered.")
    panel_save_replaces: bool = _switch(True, "Panel Save replaces a panel of that id; off: it is refused.")
    page_closed_event: bool = _switch(True, "A page that closes sends Page Action with the type Closed.")
    macro_save_restarts: bool = _switch(False, "Saving an active macro restarts the runtime by itself.")
    added_fingerprint: bool = _switch(True, "Certificates Services Add answers with the fingerprint.")
    slots_survive_boot: bool = _switch(True, "HttpFeedback slots are still there after a restart.")

    def with_switches(self, wanted: Mapping[str, SwitchValue]) -> Self:
        """The same generation with other readings; a word such as ``on`` is taken for a boolean.

        Raises BadInput for a name that is no switch, and for a value of another type.
        """
        known = {one.name: getattr(self, one.name) for one in fields(self) if "decides" in one.metadata}
        changed: dict[str, SwitchValue] = {}
        for name, value in wanted.items():
            if name not in known:
                raise BadInput(f"no switch {name!r}; there are {', '.join(known)}")
            changed[name] = _as(type(known[name]), name, value)
        return replace(self, **changed)  # type: ignore[arg-type]  # each value has the type of what it replaces


def _as(wanted: type, name: str, value: SwitchValue) -> SwitchValue:
    if wanted is bool and isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    if wanted is float and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    if type(value) is not wanted:
        raise BadInput(f"the switch {name} takes {'on or off' if wanted is bool else wanted.__name__}, got {value!r}")
    return value


def switches() -> Iterator[tuple[str, SwitchValue, str]]:
    """Every switch: its name, its value in the newest generation, and what it decides."""
    for one in fields(Profile):
        if "decides" in one.metadata:
            yield one.name, getattr(PROFILES["26"], one.name), one.metadata["decides"]


def display_name(release: str) -> str:
    """What a version is called: ``RoomOS 26.4.1.3 0123456789a`` for ``ce26.4.1.3.0123456789a``; CE keeps its name."""
    numbers, _, build = release.removeprefix("ce").rpartition(".")
    if len(build) < 8:  # a version without a build
        numbers, build = f"{numbers}.{build}", ""
    before_roomos = numbers.partition(".")[0] == "9"
    return f"{'ce' if before_roomos else 'RoomOS '}{numbers} {build}".strip()


_SESSION = ("Security", "Session")
_TLS = ("NetworkServices", "HTTPS", "Server", "MinimumTLSVersion")
_FIRST, _MIDDLE, _LAST = (
    Profile(
        name="9.15",
        release="ce9.15.17.4.9f0b5a1c2d3",
        released="2023-06-12",
        status_field=False,
        empty_is_error=True,
        unknown_command="Method not found.",
        blank_accounts="free",
        subscriptions=38,
        slot_expressions=15,
        settings=(
            (("NetworkServices", "Websocket"), "Off"),
            ((*_SESSION, "MaxTotalSessions"), 20),
            ((*_SESSION, "MaxFailedLogins"), 0),
            ((*_SESSION, "FailedLoginsLockoutTime"), 60),
            (_TLS, "TLSv1.1"),
        ),
        ranges=(((*_SESSION, "MaxTotalSessions"), 1, 20),),
    ),
    Profile(
        name="11",
        release="ce11.20.2.5.1a2b3c4d5e6",
        released="2024-09-18",
        empty_is_error=True,
        blank_accounts="no-calls",
        settings=(((*_SESSION, "MaxFailedLogins"), 0),),
    ),
    Profile(name="26", release="ce26.4.1.3.0123456789a", released="2026-03-10"),
)
PROFILES = {one.name: one for one in (_FIRST, _MIDDLE, _LAST)}
_ALIASES = {"2019": "9.15"}  # the oldest generation's name in earlier versions of the simulator


def get_profile(text: str) -> Profile:
    """A generation by its name, with switches if wanted: ``26``, or ``26; empty_is_error=on; doc_rooted=on``.

    Raises BadInput for a name that is neither.
    """
    name, *readings = [piece.strip() for piece in text.split(";")]
    name = _ALIASES.get(name, name)
    if name not in PROFILES:
        raise BadInput(f"no profile {name!r}; there are {', '.join(PROFILES)}")
    wanted: dict[str, SwitchValue] = {}
    for reading in filter(None, readings):
        switch, equals, value = reading.partition("=")
        if not equals:
            raise BadInput(f"{reading!r} is no reading", hint="Write it as name=value, for example empty_is_error=on.")
        wanted[switch.strip()] = value.strip()
    return PROFILES[name].with_switches(wanted) if wanted else PROFILES[name]
