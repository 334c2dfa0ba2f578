"""What one can ask of a device, in the words in which people ask: the same for every kind of client."""

import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from typing import Any, TypeVar, overload

import msgspec

from roomgate.xapi.call import Call, Value, Verb
from roomgate.xapi.described import read_described
from roomgate.xapi.errors import (
    BadArgument,
    DeviceGone,
    NotAllSet,
    NotOnThisTransport,
    PermissionDenied,
    ProtocolError,
    UnexpectedType,
    UnknownPath,
    XapiError,
)
from roomgate.xapi.messages import Feedback
from roomgate.xapi.names import CommandName, ConfigurationName, StatusName
from roomgate.xapi.path import Path
from roomgate.xapi.schema import PATTERN, Catalogue, parse_path
from roomgate.xapi.subscription import Subscription
from roomgate.xapi.tree import Document

T = TypeVar("T")
LEARN_S = 60.0  # a whole description may take 45 s over HTTP
_log = logging.getLogger("roomgate.xapi")


class Face(ABC):
    """Get, set, query, command, watch. How a call gets to the device is what its kinds differ in.

    Calls are checked before anything is sent, against a catalogue: the shipped one (RoomOS 26.4.1), or what the
    device says of itself after `learn`. ``unvalidated`` sends one call as it was written; a ``lenient`` client does so
    with all that the catalogue does not know, and says so in the log: for a device that is newer than the catalogue.
    """

    __slots__ = ("_catalogue", "_lenient")

    def __init__(self, catalogue: Catalogue | None, lenient: bool) -> None:
        self._catalogue = Catalogue.shipped() if catalogue is None else catalogue
        self._lenient = lenient

    @abstractmethod
    def _do(
        self, call: Call, *, rooted: bool = False, current: bool = False, timeout_s: float | None = None
    ) -> Awaitable[Any]:
        """Send a call that needs no more checking, and give what to wait on."""

    @abstractmethod
    def _describe(self, path: Path, timeout_s: float | None) -> Awaitable[Any]:
        """Ask what the device itself offers at a path (xDoc)."""

    @abstractmethod
    async def subscribe(self, path: Path | str, *, current: bool = False, unvalidated: bool = False) -> Subscription:
        """Ask for feedback on a path. ``current`` gives the present value as the first one.

        The subscription must be closed with ``aclose`` (it is a context manager, too).
        """

    @property
    def catalogue(self) -> Catalogue:
        """What calls are checked against."""
        return self._catalogue

    async def call(self, call: Call, *, unvalidated: bool = False, timeout_s: float | None = None) -> Any:
        """Do a get, set or command, and give the device's answer; None for an empty or absent subtree.

        A get by pattern answers from the root, any other relative to its path. Raises what the device
        refuses with (see `errors`), NoAnswer after ``timeout_s`` and DeviceGone or OutcomeUnknown at the
        connection's end. Cancelling forgets the answer; what was sent stays sent.
        """
        if call.verb is Verb.SUBSCRIBE:
            raise BadArgument("A subscription is made with subscribe()")
        if not unvalidated:
            call = self._make(call.verb, call.path, dict(call.arguments), call.body)
        return await self._do(call, timeout_s=timeout_s)

    @overload
    async def get(self, path: Path | str, *, unvalidated: bool = False) -> Any: ...
    @overload
    async def get(self, path: Path | str, *, type: type[T], unvalidated: bool = False) -> T: ...
    async def get(self, path: Path | str, *, type: Any = None, unvalidated: bool = False) -> Any:
        """The value or subtree at a path, relative to it; None where the device has none now.

        With ``type`` it comes as that: ``int``, an ``Enum``, a dataclass or a msgspec.Struct with the members that one
        needs. Raises UnexpectedType where it cannot.
        """
        call = self._make(Verb.GET, path, {}, None, True) if unvalidated else self._reading(path)
        value = await self._do(call)
        return value if type is None else _convert(value, type)

    async def query(self, path: Path | str, *, unvalidated: bool = False) -> Document:
        """What a path or pattern (``Status/**/DisplayName``) matches, as a document from the root."""
        found = await self._do(self._make(Verb.GET, path, {}, None, unvalidated), rooted=True)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise ProtocolError("a query's answer that is no document")
        return found

    async def set(self, path: Path | str, value: object, *, unvalidated: bool = False) -> None:
        """Write one configuration value."""
        await self._do(self._make(Verb.SET, path, {"Value": value}, None, unvalidated))

    async def set_many(self, values: Mapping[Path | str, object], *, unvalidated: bool = False) -> None:
        """Write many configuration values: in one document over HTTP, one after the other elsewhere.

        All are checked before the first is sent. Raises NotAllSet with the error of each that the device refused;
        the others are set. Where the connection ends in between, it is unknown which were done.
        """
        calls = [self._make(Verb.SET, path, {"Value": value}, None, unvalidated) for path, value in values.items()]
        if len({call.path for call in calls}) < len(calls):
            raise BadArgument("A setting is given twice, in two spellings")
        outcomes = await self._set_all(calls)
        failed = {call.path: error for call, error in zip(calls, outcomes, strict=True) if isinstance(error, XapiError)}
        if failed:
            raise NotAllSet(f"{len(failed)} of {len(calls)} settings were refused", failed=failed)

    async def doc(self, path: Path | str, *, timeout_s: float | None = None) -> Any:
        """What the device itself says that it offers at a path, as it says it (xDoc).

        Over HTTP only ``Command`` or ``Configuration``, whole, which may take most of a minute. Raises UnknownPath,
        or NotOnThisTransport.
        """
        return await self._describe(Path.parse(path) if isinstance(path, str) else path, timeout_s)

    async def learn(self, *, timeout_s: float = LEARN_S) -> Catalogue:
        """Ask the device what it offers, and check calls against that from now on; gives the new catalogue.

        What it does not say, the old catalogue goes on saying. Raises ProtocolError for what is no description.
        """
        said = {}
        for root in ("Status", "Configuration", "Command"):
            try:
                said[root] = await self.doc(Path((root,)), timeout_s=timeout_s)
            except (UnknownPath, BadArgument, PermissionDenied, NotOnThisTransport):
                continue
        self._catalogue = read_described({root: tree for root, tree in said.items() if tree}, self._catalogue)
        return self._catalogue

    async def command(
        self,
        command: Path | str,
        /,
        body: str | None = None,
        *,
        arguments: Mapping[str, object] | None = None,
        unvalidated: bool = False,
        timeout_s: float | None = None,
        **named: object,
    ) -> Document:
        """Run a command, named like ``Audio.Volume.Set``; what it gives back, maybe just ``{"status": "OK"}``.

        Arguments come by name, or in ``arguments`` where a name is no Python word (``Option.1``); a list is a
        repeated argument. After OutcomeUnknown (NoAnswer is one) it is unknown whether the command was done.
        """
        given = {**(arguments or {}), **named}
        if len(given) < len(arguments or {}) + len(named):
            raise BadArgument("An argument is given twice")
        result = await self._do(self._make(Verb.COMMAND, command, given, body, unvalidated), timeout_s=timeout_s)
        return result if isinstance(result, dict) else {}

    async def watch(self, path: Path | str, *, current: bool = False) -> AsyncGenerator[Feedback, None]:
        """Feedback for as long as one iterates. Where the end must be prompt, use `subscribe`."""
        async with await self.subscribe(path, current=current) as subscription:
            async for feedback in subscription:
                yield feedback

    @property
    def status(self) -> StatusName:
        """``await room.status.Audio.Volume()``; list members by index: ``room.status.Call[2]``."""
        return StatusName(self, Path(("Status",)))

    @property
    def config(self) -> ConfigurationName:
        """``await room.config.Audio.DefaultVolume()``, and ``.set(50)`` on it."""
        return ConfigurationName(self, Path(("Configuration",)))

    @property
    def xcommand(self) -> CommandName:
        """``await room.xcommand.Dial(Number="123@example.com")``."""
        return CommandName(self, Path(("Command",)))

    async def _set_all(self, calls: Sequence[Call]) -> Sequence[Any]:
        """What came of each setting: an error where the device refused it. Raises where the connection ended."""
        outcomes: list[Any] = []
        for call in calls:
            try:
                outcomes.append(await self._do(call))
            except (DeviceGone, ProtocolError):
                raise
            except XapiError as refused:
                outcomes.append(refused)
        return outcomes

    def _reading(self, path: Path | str) -> Call:
        try:
            return self._catalogue.reading(path)
        except UnknownPath:
            if not self._lenient:
                raise
            return self._make(Verb.GET, path, {}, None)

    def _make(
        self,
        verb: Verb,
        path: Path | str,
        arguments: Mapping[str, object],
        body: str | None,
        unvalidated: bool = False,
    ) -> Call:
        """The call as it is sent; one that was not checked is marked."""
        if not unvalidated:
            try:
                return self._catalogue.canonical(verb, path, arguments, body)
            except (UnknownPath, BadArgument) as unknown:
                if not self._lenient:
                    raise
                why = str(unknown)
        plain = {name: _as_value(name, value) for name, value in arguments.items()}
        call = Call(verb, parse_path(verb, path), tuple(sorted(plain.items())), body, validated=False)
        if verb is Verb.GET and unvalidated and call.path.is_pattern:
            raise BadArgument(PATTERN)
        if not unvalidated:
            _log.warning("%s is sent unvalidated: %s", call, why)
        return call


def _convert(value: Any, type: Any) -> Any:
    try:
        return msgspec.convert(value, type, strict=False)
    except msgspec.ValidationError as bad:
        raise UnexpectedType(f"The device's answer is not {getattr(type, '__name__', type)}: {bad}") from bad


def _as_value(name: str, value: object) -> Value:
    """A value that no catalogue checked, as the wire has it: no booleans, and lists of plain values."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, str | int):
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, str | int) for one in value):
        return tuple(str(one) if isinstance(one, bool) else one for one in value)
    raise BadArgument(f"{name} takes text, a whole number or a list of them")
