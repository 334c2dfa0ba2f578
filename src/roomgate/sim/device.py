"""The simulated device: pure. Commands, settings and the passing of time go in; changes and notes come out.

No socket, no clock, no disk: every moment is handed in, so any story is a few lines of test. The server
around it moves the changes to whoever subscribed and the notes to the journal. What a command does is the business
of the area that it belongs to (calls, cameras, panels …); here the areas are put together, and every command and
every reading passes the same checks of spelling, value and role.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from roomgate.sim import (
    absent,
    audio,
    branding,
    calls,
    cameras,
    diary,
    disturb,
    extensions,
    history,
    http_client,
    logs,
    macros,
    messages,
    peripherals,
    phonebook,
    power,
    questions,
    scheduling,
    sessions,
    sharing,
    slots,
    standby,
    system,
    trust,
    users,
    video,
    web_view,
)
from roomgate.sim.accounts import Account, Accounts
from roomgate.sim.asked import Answer, Asked, Commands, Living
from roomgate.sim.doc import ROOTS, describe
from roomgate.sim.furnish import furnish
from roomgate.sim.offer import MASK, Offer
from roomgate.sim.pattern import matches
from roomgate.sim.profile import Profile
from roomgate.sim.refusal import CommandError, Denied, InvalidParams, MethodNotFound, Refused
from roomgate.sim.restless import Restless
from roomgate.sim.state import State
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import BadArgument, InvalidPath, UnknownPath
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.tree import lookup, prune
from roomgate.xapi.values import Number

__all__ = ["Device", "matches"]

_SECRET_ARGUMENTS = ("passphrase", "passcode", "password", "pin", "hostkey", "secret", "token", "dtmf", "header")
_MOVING = {"*", "**", "Call", "Cameras", "SystemUnit", "Time"}  # the families in which something does by itself
A = TypeVar("A")


@lru_cache(maxsize=1)
def _offer() -> Offer:
    return Offer(Catalogue.shipped())


@dataclass(slots=True)
class Device:
    """One room's codec. Made by `Device.new`; everything it keeps is in its parts."""

    name: str
    profile: Profile
    state: State
    accounts: Accounts
    audio: audio.Audio
    branding: branding.Branding
    calls: calls.Calls
    cameras: cameras.Cameras
    diary: diary.Diary
    disturb: disturb.DoNotDisturb
    extensions: extensions.Extensions
    history: history.History
    http_client: http_client.HttpClient
    logs: logs.Logs
    macros: macros.Macros
    messages: messages.Messages
    peripherals: peripherals.Peripherals
    phonebook: phonebook.Phonebook
    power: power.Power
    questions: questions.Questions
    scheduling: scheduling.Scheduling
    sessions: sessions.Sessions
    sharing: sharing.Sharing
    slots: slots.Slots
    standby: standby.Standby
    system: system.System
    trust: trust.Trust
    users: users.Users
    video: video.Video
    web_view: web_view.WebView
    offer: Offer = field(default_factory=_offer)
    restless: Restless | None = None
    settings: dict[tuple[str | int, ...], str | int] = field(default_factory=dict)  # what was set, by its path

    @classmethod
    def new(cls, name: str, profile: Profile, now: datetime) -> "Device":
        """A device fresh from the box, with no accounts yet."""
        state = State()
        furnish(state, name, profile, now)
        accounts = Accounts(state, profile.blank_accounts)
        entries, rest, quiet = history.History(state), standby.Standby(state), disturb.DoNotDisturb(state)
        conversations = calls.Calls(state, profile, entries, rest, quiet, accounts)
        bookings = diary.Diary(state, profile)
        device = cls(
            name=name,
            profile=profile,
            state=state,
            accounts=accounts,
            audio=audio.Audio(state),
            branding=branding.Branding(state),
            calls=conversations,
            cameras=cameras.Cameras(state),
            diary=bookings,
            disturb=quiet,
            extensions=extensions.Extensions(state, profile),
            history=entries,
            http_client=http_client.HttpClient(),
            logs=logs.Logs(state),
            macros=macros.Macros(state, profile),
            messages=messages.Messages(state, prompt_replaces=profile.prompt_replaces),
            peripherals=peripherals.Peripherals(state),
            phonebook=phonebook.Phonebook(),
            power=power.Power(state, now),
            questions=questions.Questions(state),
            scheduling=scheduling.Scheduling(state, bookings),
            sessions=sessions.Sessions(state, accounts, profile.extra_members),
            sharing=sharing.Sharing(state, conversations),
            slots=slots.Slots(state, profile),
            standby=rest,
            system=system.System(state),
            trust=trust.Trust(state, profile.extra_members, profile.added_fingerprint),
            users=users.Users(state, accounts),
            video=video.Video(state),
            web_view=web_view.WebView(state),
        )
        conversations.ended = device.sharing.end_of
        bookings.began = rest.wake_for_meeting
        rest.wake(now)
        state.take_changes()
        return device

    @property
    def booted(self) -> datetime:
        """When the last restart was over."""
        return self.power.booted

    @property
    def reboot_wanted(self) -> bool:
        """Whether the server should restart the device now."""
        return self.power.is_wanted

    @reboot_wanted.setter
    def reboot_wanted(self, wanted: bool) -> None:
        self.power.is_wanted = wanted

    def get(self, account: Account, parts: list[Any], now: datetime) -> Any:
        """`xGet`: the value or subtree at a path, as far as the account may read it."""
        path = self._canonical(Verb.GET, parts).path
        if path.is_pattern:
            raise InvalidParams(self.profile.no_match)
        self._refuse_unreadable(account, path)
        self._refresh(path, now)
        found = lookup(self.state.document, path.parts)
        readable = None if found is None else self.offer.readable(account, found, path)
        if not self.profile.hides_unreadable and self.offer.hides(account, found, path):
            raise Denied(self.profile.denied)
        if readable is None:
            if self.profile.empty_is_error or found is not None or isinstance(path.parts[-1], int):
                raise InvalidParams(self.profile.no_match)
            return []
        return readable

    def query(self, account: Account, parts: list[Any], now: datetime) -> Any:
        """`xQuery`: the matching branches from the root; {} where nothing matches."""
        if "*" in parts and not self.profile.star_in_query:
            raise InvalidParams(self.profile.no_match)
        path = self._canonical(Verb.GET, parts).path
        self._refuse_unreadable(account, path)
        self._refresh(path, now)
        return self.current(account, path) or {}

    def current(self, account: Account, path: Path) -> Any:
        """What is below a path or pattern now, rooted, as far as the account may read it; None for nothing."""
        document = {path.root: self.state.document.get(path.root, {})}
        matching = prune(document, None, lambda leaf: matches(path, leaf))
        return None if matching is None else self.offer.readable(account, matching, None)

    def set(self, account: Account, parts: list[Any], value: Any, now: datetime) -> bool:
        """`xSet` of one configuration. A value outside its space is error -32602 with Cause 27."""
        try:
            call = self._canonical(Verb.SET, parts, {"Value": value})
        except InvalidParams as bad:
            if isinstance(bad.__cause__, BadArgument):
                raise InvalidParams(bad.message, data={"Cause": 27}) from bad
            raise
        self._refuse_roles(account, call)
        self._refuse_out_of_range(call, value)
        setting = call.argument("Value")
        leaf = self.offer.leaf(call.path)
        self.restore_setting(call.path.parts[1:], setting if isinstance(setting, str | int) else "", quiet=False)
        shown = MASK if leaf is not None and leaf.masked else setting
        self.state.note("config.set", account=account.name, path=str(call.path), value=shown)
        return True

    def restore_setting(self, parts: tuple[str | int, ...], value: str | int, *, quiet: bool = True) -> None:
        """Put a configuration in force; ``quiet`` when it is only remembered from before a restart."""
        self.settings[parts] = value
        self.state.configure(*parts, value=value, quiet=quiet)
        if parts == ("SystemUnit", "Name"):
            self.state.put("UserInterface", "ContactInfo", "Name", value=value, quiet=quiet)
            self.state.put("SystemUnit", "BroadcastName", value=value, quiet=quiet)

    def command(
        self, account: Account, path: list[Any], arguments: dict[str, Any], session: str, now: datetime
    ) -> Answer:
        """`xCommand`: the result's members. Raises a Refused with the wire's code; both ways leave a note."""
        words = "/".join(str(part) for part in path)
        try:
            call = self._canonical(Verb.COMMAND, ["Command", *path], arguments)
            words = "/".join(call.path.words)
            self._refuse_roles(account, call)
            handler = HANDLERS.get(words)
            if handler is None:
                raise CommandError(absent.why_not(words))
            answer = handler(self, Asked(call, account, session, now))
        except Refused as refused:
            self._note_command(account, words, arguments, f"{refused.number}: {refused.message}")
            raise
        self._note_command(account, words, arguments, "OK")
        return _texts(answer) if self.profile.results_as_text else answer

    def subscription(self, account: Account, parts: list[Any]) -> Path:
        """The path of a feedback subscription, checked; raises a Refused."""
        path = self._canonical(Verb.SUBSCRIBE, parts).path
        self._refuse_unreadable(account, path)
        return path

    def describe(self, account: Account, parts: list[Any]) -> Any:
        """`xDoc`: what is known of a node. An unknown command gives an empty list, any other an error."""
        root, *below = [str(part) for part in parts] or [""]
        root = {"Status": "StatusSchema"}.get(root, root)
        if root not in ROOTS:
            raise InvalidParams(self.profile.no_match)
        found = {} if root == "Command" and self._is_without("/".join(below)) else self._described(root, below)
        if not found:
            if root == "Command":
                return []
            raise InvalidParams(self.profile.no_match)
        if self.profile.doc_rooted:
            for name in reversed([root, *below]):
                found = {name: found}
        return found

    def _described(self, root: str, below: list[str]) -> dict[str, Any]:
        return describe(self.offer.catalogue, root, below)

    def tick(self, now: datetime) -> None:
        """Let time pass up to ``now``: calls connect, prompts expire, bookings begin."""
        for area in self._living():
            area.tick(now)
        if self.restless is not None:
            self.restless.tick(self.state, now)

    def next_at(self, now: datetime) -> datetime | None:
        """When `tick` is due next; None where nothing waits."""
        waits = [area.next_at(now) for area in self._living()]
        if self.restless is not None:
            waits.append(self.restless.due)
        return min((moment for moment in waits if moment is not None), default=None)

    def _living(self) -> tuple[Living, ...]:
        return (
            self.calls,
            self.messages,
            self.questions,
            self.diary,
            self.scheduling,
            self.disturb,
            self.peripherals,
            self.logs,
            self.power,
            self.standby,
        )

    def reboot(self, now: datetime) -> None:
        """Calls, screens and sessions are gone; accounts, settings, panels and history stay, and bookings as a rule."""
        self.state.event("BootEvent", Action=self.power.reason)
        self.calls.end_all("LocalDisconnect", "reboot", now)
        self.sharing.end_all()
        self.messages.put_away()
        self.questions.put_away()
        self.extensions.put_away()
        if self.web_view.url:
            self.web_view.take_away()
        for session in list(self.accounts.logins):
            self.accounts.end(session)
        self.slots.restart()
        self.power.restart(now)
        self.standby.wake(now)
        if not self.profile.bookings_survive_boot:
            self.diary.lose(now)
        self.state.event("Bookings", "SyncRequired")
        self.state.note("rebooted")

    def _canonical(self, verb: Verb, parts: list[Any], arguments: dict[str, Any] | None = None) -> Call:
        unknown = MethodNotFound(self.profile.unknown_command) if verb is Verb.COMMAND else None
        if not self.profile.json_booleans and arguments and any(isinstance(one, bool) for one in arguments.values()):
            raise InvalidParams("Bad usage: Bad argument to parameter.")
        if verb is Verb.COMMAND and self._is_without("/".join(map(str, parts[1:]))):
            raise MethodNotFound(self.profile.unknown_command)
        try:
            return self.offer.catalogue.canonical(verb, Path.of(*parts), arguments)
        except (InvalidPath, UnknownPath) as bad:
            raise unknown or InvalidParams(self.profile.no_match) from bad
        except BadArgument as bad:
            raise InvalidParams(f"Bad usage: {bad.message}") from bad

    def _refuse_roles(self, account: Account, call: Call) -> None:
        if self.offer.catalogue.roles(call).isdisjoint(account.roles):
            raise Denied(self.profile.denied)

    def _refuse_out_of_range(self, call: Call, value: object) -> None:
        """What this generation does not take although the newest does, and numbers as strings where they are not."""
        leaf, setting = self.offer.leaf(call.path), call.argument("Value")
        is_number = leaf is not None and isinstance(leaf.space, Number)
        if is_number and isinstance(value, str) and not self.profile.lenient_numbers:
            raise InvalidParams("Bad usage: not a number", data={"Cause": 27})
        for words, low, high in self.profile.ranges:
            if call.path.words == words and isinstance(setting, int) and not low <= setting <= high:
                raise InvalidParams(f"Bad usage: {words[-1]} takes {low}–{high}", data={"Cause": 27})

    def _is_without(self, words: str) -> bool:
        """Whether a command belongs to a family that this device does not have."""
        lower = f"{words}/".lower()
        return any(lower.startswith(f"{family}/".lower()) for family in self.profile.without.split())

    def _refuse_unreadable(self, account: Account, path: Path) -> None:
        if not self.offer.may_read_some(account, path):
            raise Denied(self.profile.denied)

    def _note_command(self, account: Account, words: str, arguments: dict[str, Any], outcome: str) -> None:
        shown = {
            name: "•••" if name == "body" or any(word in name.lower() for word in _SECRET_ARGUMENTS) else value
            for name, value in arguments.items()
        }
        self.state.note("command", account=account.name, name=words, arguments=shown, outcome=outcome)

    def _refresh(self, path: Path, now: datetime) -> None:
        """Bring up to date what moves without being told, if the path may read it."""
        if path.root != "Status" or (len(path.parts) > 1 and path.parts[1] not in _MOVING):
            return
        self.calls.refresh(now)
        self.cameras.tick(now)
        self.state.put("SystemUnit", "Uptime", value=int((now - self.booted).total_seconds()), quiet=True)
        self.state.put("Time", "SystemTime", value=now.strftime("%Y-%m-%dT%H:%M:%SZ"), quiet=True)


def _texts(answer: Any) -> Any:
    """The answer with its integers as strings; a list member's ``id`` stays a number."""
    if isinstance(answer, dict):
        return {name: value if name == "id" else _texts(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [_texts(one) for one in answer]
    return str(answer) if isinstance(answer, int) else answer


def _of(area: Callable[[Device], A], commands: Commands[A]) -> dict[str, Callable[[Device, Asked], Answer]]:
    def bound(handler: Callable[[A, Asked], Answer]) -> Callable[[Device, Asked], Answer]:
        return lambda device, asked: handler(area(device), asked)

    return {words: bound(handler) for words, handler in commands.items()}


_AREAS = (
    _of(lambda device: device.audio, audio.COMMANDS),
    _of(lambda device: device.branding, branding.COMMANDS),
    _of(lambda device: device.calls, calls.COMMANDS),
    _of(lambda device: device.cameras, cameras.COMMANDS),
    _of(lambda device: device.diary, diary.COMMANDS),
    _of(lambda device: device.disturb, disturb.COMMANDS),
    _of(lambda device: device.extensions, extensions.COMMANDS),
    _of(lambda device: device.history, history.COMMANDS),
    _of(lambda device: device.http_client, http_client.COMMANDS),
    _of(lambda device: device.logs, logs.COMMANDS),
    _of(lambda device: device.macros, macros.COMMANDS),
    _of(lambda device: device.messages, messages.COMMANDS),
    _of(lambda device: device.peripherals, peripherals.COMMANDS),
    _of(lambda device: device.phonebook, phonebook.COMMANDS),
    _of(lambda device: device.power, power.COMMANDS),
    _of(lambda device: device.questions, questions.COMMANDS),
    _of(lambda device: device.scheduling, scheduling.COMMANDS),
    _of(lambda device: device.sessions, sessions.COMMANDS),
    _of(lambda device: device.sharing, sharing.COMMANDS),
    _of(lambda device: device.slots, slots.COMMANDS),
    _of(lambda device: device.standby, standby.COMMANDS),
    _of(lambda device: device.system, system.COMMANDS),
    _of(lambda device: device.trust, trust.COMMANDS),
    _of(lambda device: device.users, users.COMMANDS),
    _of(lambda device: device.video, video.COMMANDS),
    _of(lambda device: device.web_view, web_view.COMMANDS),
)
HANDLERS: Mapping[str, Callable[[Device, Asked], Answer]] = {
    words: handler for area in _AREAS for words, handler in area.items()
}
"""Every command that has behaviour, by its words with slashes; shared by all rooms."""
