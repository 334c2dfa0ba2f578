"""One connection's conversation with the device: requests, subscriptions, notifications. Pure.

A session belongs to one account, has its own numbers for its subscriptions, and ends with its socket.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from roomgate.sim import wire
from roomgate.sim.accounts import Account
from roomgate.sim.device import Device, matches
from roomgate.sim.refusal import InvalidParams, MethodNotFound, Refused, TooManySubscriptions
from roomgate.sim.state import Change
from roomgate.xapi.path import Path
from roomgate.xapi.tree import lookup


@dataclass(slots=True)
class Session:
    """``id`` is the device's own session id, as `Security Session List` shows it."""

    device: Device
    account: Account
    id: str
    subscriptions: dict[int, Path] = field(default_factory=dict)
    _last: int = 0

    def receive(self, frame: str, now: datetime) -> list[str]:
        """Handle one text frame; the frames to send back, none for a notification.

        Any text at all is answered by a result or by one of the device's errors; nothing is raised.
        """
        try:
            request = wire.parse(frame)
        except wire.Unreadable as bad:
            return [wire.build_error(bad.id, bad)]
        except Refused as bad:
            return [wire.build_error(None, bad)]
        try:
            result, following = self._handle(request, now)
        except Refused as refused:
            return [wire.build_error(request.id, refused)] if request.wants_reply else []
        return [*([wire.build_result(request.id, result)] if request.wants_reply else []), *following]

    def notify(self, changes: list[Change]) -> list[str]:
        """One notification for each change and each subscription that it concerns."""
        frames = []
        for change in changes:
            for number, wanted in self.subscriptions.items():
                if (document := concerning(self.device, self.account, change, wanted)) is not None:
                    frames.append(wire.build_feedback(number, document))
        return frames

    def _handle(self, request: wire.Request, now: datetime) -> tuple[Any, list[str]]:
        method, params, device = request.method, request.params, self.device
        if method.startswith("xCommand/"):
            answer = device.command(self.account, method.split("/")[1:], params, self.id, now)
            if device.profile.status_field or not answer:
                answer = {**answer, "status": "OK"}
            return answer, []
        match method:
            case "xGet":
                return device.get(self.account, _path(params, "Path"), now), []
            case "xQuery":
                return device.query(self.account, _path(params, "Query"), now), []
            case "xSet":
                if set(params) != {"Path", "Value"}:
                    raise InvalidParams("Bad usage: Missing or invalid parameter(s).")
                return device.set(self.account, _path(params, "Path", "Value"), params["Value"], now), []
            case "xDoc":
                return device.describe(self.account, _path(params, "Path", "Type")), []
            case "xFeedback/Subscribe":
                return self._subscribe(params)
            case "xFeedback/Unsubscribe":
                number = params.get("Id")
                if isinstance(number, bool) or not isinstance(number, int) or number not in self.subscriptions:
                    raise InvalidParams("Unknown subscription Id", data={"Id": number})
                del self.subscriptions[number]
                return True, []
            case _:
                raise MethodNotFound(device.profile.unknown_command)

    def _subscribe(self, params: dict[str, Any]) -> tuple[Any, list[str]]:
        query = _path(params, "Query", "NotifyCurrentValue")
        at_once = params.get("NotifyCurrentValue", False)
        if not isinstance(at_once, bool):
            raise InvalidParams('Bad usage: Bad argument to parameter "NotifyCurrentValue".')
        path = self.device.subscription(self.account, query)
        if len(self.subscriptions) >= self.device.profile.subscriptions:
            raise TooManySubscriptions("Subscriber count exceeded")
        self._last += 1
        self.subscriptions[self._last] = path
        following = []
        if at_once and path.root != "Event":
            present = self.device.current(self.account, path)
            if present and lookup(present, (path.root,)):
                following.append(wire.build_feedback(self._last, present))
        return {"Id": self._last}, following


def concerning(device: Device, account: Account, change: Change, wanted: Path) -> dict[str, Any] | None:
    """What of a change who asked for ``wanted`` gets to hear, rooted; None for nothing."""
    path = change.path
    if not matches(wanted, path):
        # A member's end concerns who watches one of its leaves, an event who asked for one of its members.
        below = _without_indices(wanted)[: len(_without_indices(path))] == _without_indices(path)
        if not (below and _same_members(wanted, path) and (change.gone or path.root == "Event")):
            return None
    document = change.document()
    if path.root == "Event":
        return document if device.offer.may_read(account, path) else None
    readable = device.offer.readable(account, document, None)
    return readable if isinstance(readable, dict) else None


def _path(params: dict[str, Any], name: str, *others: str) -> list[Any]:
    parts = params.get(name)
    if not isinstance(parts, list) or not parts or not set(params) <= {name, *others}:
        raise InvalidParams("Bad usage: Missing or invalid parameter(s).")
    if not all(isinstance(part, str | int) and not isinstance(part, bool) for part in parts):
        raise InvalidParams(f'Bad usage: Bad argument to parameter "{name}".')
    return parts


def _without_indices(path: Path) -> tuple[str, ...]:
    return tuple(part for part in path.parts if isinstance(part, str))


def _same_members(wanted: Path, path: Path) -> bool:
    """Whether the indices that ``wanted`` names are those of ``path``, as far as both go."""
    mine = [part for part in wanted.parts if isinstance(part, int)]
    return mine == [part for part in path.parts if isinstance(part, int)][: len(mine)] if mine else True
