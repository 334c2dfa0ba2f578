"""What the local operator can do: `local.Operator` over the running connector."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from roomgate.clock import Clock, iso
from roomgate.connector.acts import Acts
from roomgate.connector.backups import Backups
from roomgate.connector.bookings_state import BookingsState
from roomgate.connector.devices import device_id, parse_name
from roomgate.connector.effects import Effects
from roomgate.connector.fleet import Fleet
from roomgate.connector.keeper import Keeper
from roomgate.connector.site_policy import SitePolicy
from roomgate.connector.spool import Spool
from roomgate.connector.vault import Vault
from roomgate.errors import NotFound
from roomgate.ids import ConnectorId, DeviceId, RoomName
from roomgate.ledger.event import VaultChanged
from roomgate.redact import Secret, foreign
from roomgate.storage.record import Record
from roomgate.xapi import tree
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import CommandFailed
from roomgate.xapi.schema import Catalogue


class SiteOperator:
    """Every deed that changes something is in the ledger, with the local account that asked for it."""

    def __init__(
        self,
        *,
        connector: ConnectorId,
        fleet: Fleet,
        acts: Acts,
        end_all: Callable[[str, str], Awaitable[list[str]]],
        effects: Effects,
        policy: Callable[[], SitePolicy],
        vault: Vault,
        record: Record,
        spool: Spool,
        backups: Backups,
        bookings: Callable[[RoomName], BookingsState],
        clock: Clock,
        link_up: Callable[[], bool],
    ) -> None:
        self._connector = connector
        self._fleet = fleet
        self._acts = acts
        self._end_all = end_all
        self._effects = effects
        self._policy = policy
        self._vault = vault
        self._record = record
        self._spool = spool
        self._backups = backups
        self._bookings = bookings
        self._clock = clock
        self._link_up = link_up

    async def status(self) -> dict[str, Any]:
        policy, occupied = self._policy(), self._acts.occupied()
        return {
            "connector": self._connector,
            "hub": "connected" if self._link_up() else "away",
            "policy": {"name": policy.rules.name, "digest": policy.digest},
            "ledger": {"entries": await self._record.size(), "at_hub": self._spool.held},
            "rooms": [
                {
                    "name": keeper.name,
                    "device": keeper.device,
                    "state": keeper.condition.value,
                    "words": keeper.words,
                    "from_outside": keeper.device in occupied,
                    "bookings": {"state": state.code.value, "words": state.words},
                }
                for keeper in self._fleet.keepers()
                for state in (self._bookings(keeper.name),)
            ],
        }

    async def sessions(self) -> dict[str, Any]:
        occupied = self._acts.occupied()
        return {
            "rooms": [keeper.name for keeper in self._fleet.keepers() if keeper.device in occupied],
            "effects": [
                {
                    "room": room.name if (room := self._fleet.by_device(effect.device)) else effect.device,
                    "who": effect.who,
                    "what": effect.what,
                    "session": effect.session,
                }
                for effect in self._effects.all()
            ],
        }

    async def cut_all(self, reason: str, by: str) -> dict[str, Any]:
        said = foreign(reason, 100) or "the site ended it"
        return {"undone": await self._end_all("site.cut-all", f"{said} ({by})")}

    async def hang_up(self, room: str) -> dict[str, Any]:
        keeper = self._room(room)
        calls = tree.lookup(keeper.state, ("Status", "Call"))
        numbers = [n for one in calls if (n := tree.member_id(one)) is not None] if isinstance(calls, list) else []
        ended: list[int] = []
        for number in numbers:
            call = Catalogue.shipped().canonical(Verb.COMMAND, "Command/Call/Disconnect", {"CallId": number})
            try:
                await keeper.call(call)
                ended.append(number)
            except CommandFailed:
                continue  # it ended by itself
        return {"ended": ended}

    async def confirm(self, room: str, by: str) -> dict[str, Any]:
        return {"confirmed": await self._room(room).confirm(by)}

    async def vault_put(
        self, room: str, account: str, password: Secret[str], by: str, *, new: bool = False
    ) -> dict[str, Any]:
        name = parse_name(room) if new else self._room(room).name
        version = self._vault.put(name, account, password)
        await self._changed(room, f"{foreign(account, 60)} put, version {version}", by)
        return {"version": version}

    async def vault_remove(self, room: str, account: str | None, by: str) -> dict[str, Any]:
        self._vault.remove(room, account)
        await self._changed(foreign(room, 64), f"{foreign(account, 60) if account else 'all'} removed", by)
        return {"removed": True}

    async def list_backups(self, room: str) -> dict[str, Any]:
        return {"backups": msgspec.to_builtins(await self._backups.shown(self._device(room)))}

    async def export_backup(self, room: str, id: str) -> dict[str, Any]:
        kept = await self._backups.whole(self._device(room), id)
        return {"backup": msgspec.to_builtins(kept)}

    def _device(self, room: str) -> DeviceId:
        """Also of a room that is in the site's list no more: its backups are there still."""
        return device_id(self._connector, RoomName(room))

    async def _changed(self, room: str, what: str, by: str) -> None:
        await self._record.add(VaultChanged(at=iso(self._clock.now()), room=room, what=what, by=by))

    def _room(self, name: str) -> Keeper:
        keeper = self._fleet.by_name(RoomName(name))
        if keeper is None:
            raise NotFound("This site has no such room.", hint="`roomgate connector status` lists them.")
        return keeper
