"""The simulated device: pure. Commands, settings and the passing of time go in; changes and notes come out.

No socket, no clock, no disk: every moment is handed in, so any story is a few lines of test. The server
around it moves the changes to whoever subscribed and the notes to the journal.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from roomgate.sim.accounts import ROLES, Account, Accounts
from roomgate.sim.asked import Answer, Asked
from roomgate.sim.calls import Calls
from roomgate.sim.diary import Diary
from roomgate.sim.furnish import furnish
from roomgate.sim.messages import Messages
from roomgate.sim.offer import MASK, Offer
from roomgate.sim.profile import Profile
from roomgate.sim.refusal import CommandError, Denied, InvalidParams, MethodNotFound, Refused
from roomgate.sim.restless import Restless
from roomgate.sim.state import State
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import BadArgument, InvalidPath, UnknownPath, XapiError
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.tree import lookup, prune

Handler = Callable[[Asked], Answer]
_SECRET_ARGUMENTS = ("passphrase", "passcode", "password", "pin", "hostkey", "secret", "token")


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
    calls: Calls
    diary: Diary
    messages: Messages
    booted: datetime
    offer: Offer = field(default_factory=_offer)
    restless: Restless | None = None
    reboot_wanted: bool = False
    settings: dict[tuple[str | int, ...], str | int] = field(default_factory=dict)  # what was set, by its path
    _handlers: dict[str, Handler] = field(default_factory=dict)
    _presenting: dict[int, int] = field(default_factory=dict)

    @classmethod
    def new(cls, name: str, profile: Profile, now: datetime) -> "Device":
        """A device fresh from the box, with no accounts yet."""
        state = State()
        furnish(state, name, profile, now)
        device = cls(
            name, profile, state, Accounts(state), Calls(state, profile), Diary(state), Messages(state), booted=now
        )
        device._handlers = device._table()
        return device

    def get(self, account: Account, parts: list[Any], now: datetime) -> Any:
        """`xGet`: the value or subtree at a path, as far as the account may read it."""
        path = self._canonical(Verb.GET, parts).path
        if path.is_pattern:
            raise InvalidParams(self.profile.no_match)
        self._refuse_unreadable(account, path)
        self._refresh(now)
        found = lookup(self.state.document, path.parts)
        readable = None if found is None else self.offer.readable(account, found, path)
        if readable is None:
            if self.profile.empty_is_error or found is not None or isinstance(path.parts[-1], int):
                raise InvalidParams(self.profile.no_match)
            return []
        return readable

    def query(self, account: Account, parts: list[Any], now: datetime) -> Any:
        """`xQuery`: the matching branches from the root; {} where nothing matches."""
        path = self._canonical(Verb.GET, parts).path
        self._refuse_unreadable(account, path)
        self._refresh(now)
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
            handler = self._handlers.get(words)
            if handler is None:
                raise CommandError("Not available on this device")
            answer = handler(Asked(call, account, session, now))
        except Refused as refused:
            self._note_command(account, words, arguments, f"{refused.number}: {refused.message}")
            raise
        self._note_command(account, words, arguments, "OK")
        return answer

    def equip(self, handlers: dict[str, Handler]) -> None:
        """Commands whose work is done by a part that the device does not hold itself."""
        self._handlers |= handlers

    def subscription(self, account: Account, parts: list[Any]) -> Path:
        """The path of a feedback subscription, checked; raises a Refused."""
        path = self._canonical(Verb.SUBSCRIBE, parts).path
        self._refuse_unreadable(account, path)
        return path

    def describe(self, account: Account, parts: list[Any]) -> Any:
        """`xDoc`: what is known of a node. An unknown command gives an empty list, any other an error.

        The layout over WebSocket is not established; this is the plainest that says the facts.
        """
        root, *below = [str(part) for part in parts] or [""]
        if root == "Command":
            try:
                command = self.offer.catalogue.command(Path.of("Command", *below))
            except XapiError:
                return []
            described: Answer = {"access": "public-api", "role": sorted(command.roles)}
            for one in command.parameters:
                described[one.name] = {"ValueSpace": str(one.space), "required": str(one.required)}
            return described
        try:
            leaves = self.offer.catalogue.leaves(Path.of(root.removesuffix("Schema"), *below))
        except InvalidPath:
            leaves = ()
        if not leaves:
            raise InvalidParams(self.profile.no_match)
        return {str(leaf.path): {"ValueSpace": str(leaf.space), "role": sorted(leaf.read_roles)} for leaf in leaves}

    def tick(self, now: datetime) -> None:
        """Let time pass up to ``now``: calls connect, prompts expire, bookings begin."""
        self.calls.tick(now)
        self.messages.tick(now)
        self.diary.tick(now)
        if self.restless is not None:
            self.restless.tick(self.state, now)

    def next_at(self, now: datetime) -> datetime | None:
        """When `tick` is due next; None where nothing waits."""
        unrest = self.restless.due if self.restless is not None else None
        waits = (self.calls.next_at(), self.messages.next_at(), self.diary.next_at(now), unrest)
        return min((moment for moment in waits if moment is not None), default=None)

    def reboot(self, now: datetime) -> None:
        """Calls, screens and sessions are gone; accounts, settings, bookings and history stay."""
        self.state.event("BootEvent", Action="Restart")
        self.calls.end_all("LocalDisconnect", "reboot", now)
        self.messages.prompt = self.messages.alert = self.messages.line = None
        for session in list(self.accounts.logins):
            self.accounts.end(session)
        self.booted, self.reboot_wanted = now, False
        self.state.note("rebooted")

    def _canonical(self, verb: Verb, parts: list[Any], arguments: dict[str, Any] | None = None) -> Call:
        unknown = MethodNotFound(self.profile.unknown_command) if verb is Verb.COMMAND else None
        try:
            return self.offer.catalogue.canonical(verb, Path.of(*parts), arguments)
        except (InvalidPath, UnknownPath) as bad:
            raise unknown or InvalidParams(self.profile.no_match) from bad
        except BadArgument as bad:
            raise InvalidParams(f"Bad usage: {bad.message}") from bad

    def _refuse_roles(self, account: Account, call: Call) -> None:
        if self.offer.catalogue.roles(call).isdisjoint(account.roles):
            raise Denied(self.profile.denied)

    def _refuse_unreadable(self, account: Account, path: Path) -> None:
        if not self.offer.may_read_some(account, path):
            raise Denied(self.profile.denied)

    def _note_command(self, account: Account, words: str, arguments: dict[str, Any], outcome: str) -> None:
        shown = {
            name: "•••" if name == "body" or any(word in name.lower() for word in _SECRET_ARGUMENTS) else value
            for name, value in arguments.items()
        }
        self.state.note("command", account=account.name, name=words, arguments=shown, outcome=outcome)

    def _refresh(self, now: datetime) -> None:
        self.calls.refresh(now)
        self.state.put("SystemUnit", "Uptime", value=int((now - self.booted).total_seconds()), quiet=True)
        self.state.put("Time", "SystemTime", value=now.strftime("%Y-%m-%dT%H:%M:%SZ"), quiet=True)

    def _table(self) -> dict[str, Handler]:
        calls, diary, messages = self.calls, self.diary, self.messages
        return {
            "Audio/Volume/Set": lambda asked: self._volume(asked.number("Level", 0)),
            "Audio/Volume/SetToDefault": lambda _: self._volume(
                int(self.state.read("Configuration", "Audio", "DefaultVolume") or 50)
            ),
            "Audio/Volume/Increase": lambda asked: self._step(asked.number("Steps", 5)),
            "Audio/Volume/Decrease": lambda asked: self._step(-asked.number("Steps", 5)),
            "Audio/Volume/Mute": self._puts("On", "Audio", "VolumeMute"),
            "Audio/Volume/Unmute": self._puts("Off", "Audio", "VolumeMute"),
            "Audio/Volume/ToggleMute": self._toggles("Audio", "VolumeMute"),
            "Audio/Microphones/Mute": self._puts("On", "Audio", "Microphones", "Mute"),
            "Audio/Microphones/Unmute": self._puts("Off", "Audio", "Microphones", "Mute"),
            "Audio/Microphones/ToggleMute": self._toggles("Audio", "Microphones", "Mute"),
            "Video/Input/MainVideo/Mute": self._puts("On", "Video", "Input", "MainVideoMute"),
            "Video/Input/MainVideo/Unmute": self._puts("Off", "Video", "Input", "MainVideoMute"),
            "Standby/Activate": self._puts("Standby", "Standby", "State"),
            "Standby/Deactivate": self._puts("Off", "Standby", "State"),
            "Standby/Halfwake": self._puts("Halfwake", "Standby", "State"),
            "Standby/ResetTimer": self._reset_timer,
            "Dial": calls.dial,
            "Webex/Join": calls.join_webex,
            "Zoom/Join": calls.join_zoom,
            "WebRTC/Join": calls.join_webrtc,
            "Call/Disconnect": calls.disconnect,
            "Call/Accept": calls.accept,
            "Call/Reject": calls.reject,
            "Call/Hold": calls.hold,
            "Call/Resume": calls.resume,
            "Call/DTMFSend": calls.dtmf,
            "CallHistory/Get": calls.get_history,
            "CallHistory/Recents": calls.get_recents,
            "Bookings/Put": diary.put,
            "Bookings/List": diary.list,
            "Bookings/Get": diary.get,
            "Bookings/Clear": diary.clear,
            "UserInterface/Message/Prompt/Display": messages.show_prompt,
            "UserInterface/Message/Prompt/Clear": messages.clear_prompt,
            "UserInterface/Message/Prompt/Response": messages.respond,
            "UserInterface/Message/Alert/Display": messages.show_alert,
            "UserInterface/Message/Alert/Clear": messages.clear_alert,
            "UserInterface/Message/TextLine/Display": messages.show_line,
            "UserInterface/Message/TextLine/Clear": messages.clear_line,
            "UserManagement/User/List": lambda asked: {"User": self.accounts.listed(asked.now)},
            "UserManagement/User/Add": self._add_user,
            "UserManagement/User/Passphrase/Set": self._set_passphrase,
            "UserManagement/User/Passphrase/Change": self._change_passphrase,
            "Security/Session/Get": self._own_session,
            "Security/Session/List": lambda _: {"Session": self.accounts.sessions()},
            "Security/Session/Terminate": self._terminate,
            "Presentation/Start": self._present,
            "Presentation/Stop": self._stop_presenting,
            "SystemUnit/Boot": self._boot,
        }

    def _puts(self, value: str, *parts: str) -> Handler:
        def put(_: Asked) -> Answer:
            self.state.put(*parts, value=value)
            return {}

        return put

    def _toggles(self, *parts: str) -> Handler:
        def toggle(_: Asked) -> Answer:
            self.state.put(*parts, value="Off" if self.state.read("Status", *parts) == "On" else "On")
            return {}

        return toggle

    def _volume(self, level: int) -> Answer:
        self.state.put("Audio", "Volume", value=max(0, min(100, level)))
        return {}

    def _step(self, steps: int) -> Answer:
        self._volume(int(self.state.read("Status", "Audio", "Volume")) + steps)
        return {}

    def _reset_timer(self, _: Asked) -> Answer:
        self.state.put("Standby", "State", value="Off")
        self.state.event("Standby", "Reset")
        return {}

    def _add_user(self, asked: Asked) -> Answer:
        name, roles = asked.text("Username"), [str(role) for role in asked.listed("Role")]
        if not name or name in self.accounts.by_name:
            raise CommandError("User already exists" if name else "A user needs a name")
        self._refuse_short(asked.text("Passphrase"))
        self.accounts.add(name, asked.text("Passphrase"), [role for role in ROLES if role in roles])
        self.state.note("user.added", account=name, roles=roles, by=asked.account.name)
        return {}

    def _set_passphrase(self, asked: Asked) -> Answer:
        target = self.accounts.by_name.get(asked.text("Username"))
        if target is None:
            raise CommandError("No such user")
        if "Admin" in target.roles and not asked.account.has(asked.text("YourPassphrase")):
            raise CommandError("YourPassphrase is wrong")
        self._replace(target, asked)
        return {}

    def _change_passphrase(self, asked: Asked) -> Answer:
        if not asked.account.has(asked.text("OldPassphrase")):
            raise CommandError("OldPassphrase is wrong")
        self._replace(asked.account, asked)
        return {}

    def _replace(self, target: Account, asked: Asked) -> None:
        self._refuse_short(asked.text("NewPassphrase"))
        self.accounts.change(
            target,
            asked.text("NewPassphrase"),
            by=asked.account.name,
            how="xapi",
            invalidate=asked.text("SecurityAction") == "InvalidateAllUserSessions",
        )

    def _refuse_short(self, passphrase: str) -> None:
        least = self.state.read("Configuration", "UserManagement", "PasswordPolicy", "Complexity", "MinimumLength")
        if len(passphrase) < (least if isinstance(least, int) else 8):
            raise CommandError("The passphrase is too short")

    def _own_session(self, asked: Asked) -> Answer:
        own = [row for row in self.accounts.sessions() if row["Id"] == asked.session]
        return {"Session": own[0]} if own else {}

    def _terminate(self, asked: Asked) -> Answer:
        if not self.accounts.end(asked.text("SessionId")):
            raise CommandError("No such session")
        self.state.note("session.terminated", session=asked.text("SessionId"), by=asked.account.name)
        return {}

    def _present(self, asked: Asked) -> Answer:
        instance = max(self._presenting, default=0) + 1
        if instance > 6:
            raise CommandError("No free presentation instance")
        sources = asked.listed("ConnectorId") or asked.listed("PresentationSource") or [2]
        source = int(sources[0]) if str(sources[0]).isdigit() else 0
        self._presenting[instance] = source
        here = ("Conference", "Presentation", "LocalInstance", instance)
        in_call = bool(self.calls.ongoing)
        mode = asked.text("SendingMode", "LocalRemote") if in_call else "LocalOnly"
        self.state.put(*here, "Source", value=source)
        self.state.put(*here, "SendingMode", value=mode)
        if in_call and mode == "LocalRemote":
            call = next(iter(self.calls.ongoing))
            self.state.put("Conference", "Presentation", "Mode", value="Sending")
            self.state.event(
                "PresentationStarted",
                CallId=call,
                Cause="userRequested",
                ConferenceId=call,
                LocalInstance=instance,
                LocalSource=source,
                Mode="Sending",
            )
        else:
            self.state.event("PresentationPreviewStarted", Cause="userRequested", Instance=instance, LocalSource=source)
        self.state.note("presentation.started", instance=instance, by=asked.account.name)
        return {"Instance": instance}

    def _stop_presenting(self, asked: Asked) -> Answer:
        wanted = asked.number("Instance", 0)
        gone = [one for one in self._presenting if wanted in (0, one)]
        if not gone:
            raise CommandError("No presentation")
        for instance in gone:
            source = self._presenting.pop(instance)
            self.state.drop("Conference", "Presentation", "LocalInstance", instance)
            self.state.event("PresentationPreviewStopped", Cause="userRequested", Instance=instance, LocalSource=source)
            self.state.note("presentation.stopped", instance=instance, by=asked.account.name)
        if not self._presenting:
            self.state.put("Conference", "Presentation", "Mode", value="Off")
        return {}

    def _boot(self, asked: Asked) -> Answer:
        self.reboot_wanted = True
        self.state.note("boot.asked", by=asked.account.name)
        return {}


def matches(pattern: Path, path: Path) -> bool:
    """Whether a path lies at or below what a path or pattern names.

    ``**`` is any number of levels, ``*`` one; an index that the pattern leaves out matches every member.
    """
    return _matches(pattern.parts, path.parts)


def _matches(pattern: tuple[str | int, ...], parts: tuple[str | int, ...]) -> bool:
    # A set of positions rather than recursion: a pattern of many ** costs pattern × path, no more.
    at = {0}
    for part in (*parts, None):
        todo = list(at)
        while todo:  # ** may also stand for nothing
            position = todo.pop()
            if position < len(pattern) and pattern[position] == "**" and position + 1 not in at:
                at.add(position + 1)
                todo.append(position + 1)
        if len(pattern) in at or part is None:
            break
        following: set[int] = set()
        for position in at:
            wanted = pattern[position]
            if wanted == "**" or (isinstance(part, int) and not isinstance(wanted, int) and wanted != "*"):
                following.add(position)
            if wanted == part or wanted == "*":
                following.add(position + 1)
                if wanted == "*" and isinstance(part, int):
                    following.add(position)
        at = following
    return len(pattern) in at
