"""Directories: service accounts that may provision, and nothing else. Each keeps the people and groups it brought.

What it ends falls in the same change, as if an administrator had ended it. It never reaches past its own people,
never gives a role beside those that the configuration lets its groups give, and is braked when it ends too many.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from weakref import WeakValueDictionary

from sqlalchemy import Connection

from roomgate.access.principal import Kind, Right, rights
from roomgate.clock import Clock, iso
from roomgate.errors import BadInput, Conflict, NotFound, PreconditionFailed
from roomgate.hub.change import Change, Changes
from roomgate.hub.findings.service import Findings, Seen
from roomgate.hub.identity import store as identity_store
from roomgate.hub.identity.person import Forbidden, Person, Signed, check_name, name_key
from roomgate.hub.identity.scim import store
from roomgate.hub.identity.scim.brake import Brake, Braked
from roomgate.hub.identity.scim.kept import GroupWish, KeptGroup, KeptPerson, PersonWish
from roomgate.hub.identity.scim.store import Wanted
from roomgate.hub.identity.service import Identity
from roomgate.ids import PersonId, mint
from roomgate.ledger.event import DirectoryReleased, GroupChanged, PersonAdded, PersonChanged, PersonHandedOver
from roomgate.storage.database import Database

T = TypeVar("T")
K = TypeVar("K", KeptPerson, KeptGroup)
W = TypeVar("W", PersonWish, GroupWish)
Unit = Callable[[Change], T | None]  # gives nothing where it must be looked at again
_LOOKS = 5
_NOTE_EVERY_S = 60.0
LONGEST_RELEASE_MINUTES = 24 * 60
_ALONE = frozenset({Right.PROVISION})


class BeyondDirectory(Forbidden):
    """The account has rights of its own, so a directory leaves it alone."""

    code = "scim.beyond"
    hint = "An administrator changes accounts with rights of their own."


@dataclass(frozen=True, slots=True)
class Directory:
    """How one directory stands."""

    account: Person
    people: int
    groups: int
    brake: Brake
    held: bool


class Directories:
    def __init__(
        self,
        db: Database,
        changes: Changes,
        clock: Clock,
        identity: Identity,
        findings: Findings,
        group_roles: Mapping[str, Sequence[str]],
    ) -> None:
        self._db = db
        self._changes = changes
        self._clock = clock
        self._identity = identity
        self._findings = findings
        self._group_roles = {name_key(group): frozenset(roles) for group, roles in group_roles.items()}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._noted: dict[str, float] = {}  # finding → when it was last noted; two for each directory at most
        self._following = frozenset().union(*self._group_roles.values())  # roles that come and go with groups

    # -- people, as their directory asks ------------------------------------------------------------

    async def person(self, id: str, by: Signed) -> KeptPerson:
        require_directory(by)
        return await self._db.read(lambda conn: self._person(conn, id, by))

    async def people(
        self, by: Signed, wanted: Wanted, fits: Callable[[KeptPerson], bool] | None, start: int, count: int
    ) -> tuple[list[KeptPerson], int]:
        """A page of them, and how many there are in all. ``fits`` is asked of each, in a thread of the database's."""
        require_directory(by)
        id = by.person.id

        def read(conn: Connection) -> tuple[list[KeptPerson], int]:
            if fits is None:
                return store.list_people(conn, id, wanted, start, count), store.count_people(conn, id, wanted)
            return _page(store.list_people(conn, id, wanted), fits, start, count)

        return await self._db.read(read)

    async def add_person(self, wish: PersonWish, by: Signed) -> KeptPerson:
        """Raises Conflict where the name is taken, by whomever."""
        name, id = check_name(wish.name), PersonId(mint("person"))

        def unit(change: Change) -> KeptPerson:
            self._require(change, by)
            self._free(change.conn, name)
            nobodys: frozenset[str] = frozenset()
            identity_store.add_person(change.conn, id, name, Kind.PERSON, None, nobodys, by.person.id, change.at)
            store.describe_person(change.conn, by.person.id, id, wish)
            change.record(PersonAdded, person=id, name=name, role="", by=by.person.id)
            return self._person(change.conn, id, by)

        return await self._changes.write(unit)

    async def change_person(
        self, id: str, edit: Callable[[KeptPerson], PersonWish], by: Signed, version: int | None = None
    ) -> KeptPerson:
        """``edit`` is given the person as it is, and may refuse. Switching off cuts, in the same change."""
        return await self._edit(self.person, id, edit, self._changing_person, by, version)

    def _changing_person(self, seen: KeptPerson, wish: PersonWish, by: Signed) -> Unit[KeptPerson]:
        def unit(change: Change) -> KeptPerson | None:
            self._require(change, by)
            known = self._person(change.conn, seen.id, by)
            if known != seen:
                return None
            self._require_within(change.conn, known.id)
            self._describe(change, known, wish, by)
            if wish.active and not known.active:
                if store.disabled_by_hand(change.conn, known.id):
                    raise BeyondDirectory("An administrator disabled this account.")
                identity_store.change_person(change.conn, known.id, active=True)
                change.record(PersonChanged, person=known.id, what="active", to="yes", by=by.person.id)
            elif known.active and not wish.active:
                self._end(change, known, by, delete=False)
            return self._person(change.conn, known.id, by)

        return unit

    async def remove_person(self, id: str, by: Signed, version: int | None = None) -> None:
        def unit(change: Change) -> None:
            self._require(change, by)
            known = self._person(change.conn, id, by)
            _require_version(known, version)
            self._require_within(change.conn, known.id)
            store.leave_groups(change.conn, known.id, change.at)
            self._end(change, known, by, delete=True)

        await self._ending(unit, by)

    # -- groups, as their directory asks ------------------------------------------------------------

    async def group(self, id: str, by: Signed) -> KeptGroup:
        require_directory(by)
        return await self._db.read(lambda conn: self._group(conn, id, by))

    async def groups(
        self, by: Signed, wanted: Wanted, fits: Callable[[KeptGroup], bool] | None, start: int, count: int
    ) -> tuple[list[KeptGroup], int]:
        require_directory(by)
        id = by.person.id

        def read(conn: Connection) -> tuple[list[KeptGroup], int]:
            if fits is None:
                return store.list_groups(conn, id, wanted, start, count), store.count_groups(conn, id, wanted)
            return _page(store.list_groups(conn, id, wanted), fits, start, count)

        return await self._db.read(read)

    async def add_group(self, wish: GroupWish, by: Signed) -> KeptGroup:
        id = mint("group")

        def unit(change: Change) -> KeptGroup:
            self._require(change, by)
            self._check_group(change.conn, wish, by)
            store.add_group(change.conn, id, by.person.id, wish, change.at)
            self._told(change, id, "added", wish.name, len(wish.members), by)
            self._align(change, wish.members, by)
            return self._group(change.conn, id, by)

        return await self._changes.write(unit)

    async def change_group(
        self, id: str, edit: Callable[[KeptGroup], GroupWish], by: Signed, version: int | None = None
    ) -> KeptGroup:
        """Whoever comes or goes gets or loses the group's roles in the same change."""
        return await self._edit(self.group, id, edit, self._changing_group, by, version)

    def _changing_group(self, seen: KeptGroup, wish: GroupWish, by: Signed) -> Unit[KeptGroup]:
        def unit(change: Change) -> KeptGroup | None:
            self._require(change, by)
            known = self._group(change.conn, seen.id, by)
            if known != seen:
                return None
            if wish == GroupWish(known.name, known.members, known.external_id):
                return known
            self._check_group(change.conn, wish, by, known)
            store.change_group(change.conn, known, wish, change.at)
            self._told(change, known.id, "changed", wish.name, len(wish.members), by)
            same = name_key(wish.name) == name_key(known.name)
            self._align(change, known.members ^ wish.members if same else known.members | wish.members, by)
            return self._group(change.conn, known.id, by)

        return unit

    async def remove_group(self, id: str, by: Signed, version: int | None = None) -> None:
        def unit(change: Change) -> None:
            self._require(change, by)
            known = self._group(change.conn, id, by)
            _require_version(known, version)
            store.delete_group(change.conn, known.id)
            self._told(change, id, "removed", known.name, 0, by)
            self._align(change, known.members, by)

        await self._changes.write(unit)

    # -- as administrators ask ----------------------------------------------------------------------

    async def directories(self, by: Signed) -> list[Directory]:
        by.require(Right.PEOPLE)
        now = self._clock.now()

        def read(conn: Connection) -> list[Directory]:
            accounts = identity_store.list_people(conn, Kind.SERVICE, "", 10_000)
            return [self._stand(conn, account, now) for account in accounts if is_directory(account)]

        return await self._db.read(read)

    async def release(self, directory: str, minutes: float, by: Signed) -> Directory:
        """Let it go on for a while, however many it ends."""
        by.require(Right.PEOPLE)
        if not 0 < minutes <= LONGEST_RELEASE_MINUTES:
            raise BadInput(f"A release lasts for more than 0 and at most {LONGEST_RELEASE_MINUTES} minutes.")

        def unit(change: Change) -> Directory:
            account = self._account(change.conn, directory)
            until = iso(change.now + timedelta(minutes=minutes))
            change.record(DirectoryReleased, person=account.id, until=until, by=by.person.id)
            return self._stand(change.conn, account, change.now)

        return await self._changes.write(unit)

    async def hand_over(self, person: str, directory: str, by: Signed) -> Person:
        """From now on the directory keeps this person. Raises BeyondDirectory for one with rights of their own."""
        by.require(Right.PEOPLE)

        def unit(change: Change) -> Person:
            account = self._account(change.conn, directory)
            known = identity_store.get_person(change.conn, person)
            if known.kind is not Kind.PERSON:
                raise BadInput("A directory keeps people, no service accounts.")
            self._require_within(change.conn, known.id)
            store.leave_groups(change.conn, known.id, change.at)
            store.hand_over(change.conn, known.id, account.id)
            change.record(PersonHandedOver, person=known.id, directory=account.id, by=by.person.id)
            self._align(change, frozenset({known.id}), by, account.id)
            return identity_store.get_person(change.conn, known.id)

        return await self._changes.write(unit)

    # -- inside -------------------------------------------------------------------------------------

    async def _edit(
        self,
        look: Callable[[str, Signed], Awaitable[K]],
        id: str,
        edit: Callable[[K], W],
        changing: Callable[[K, W, Signed], Unit[K]],
        by: Signed,
        version: int | None,
    ) -> K:
        """Look, let it be edited beside the loop and the writer (a large group takes its time), then write.

        What was changed in between is looked at again. Edits of the same one wait for each other.
        """
        turn = self._turns.setdefault(id, asyncio.Lock())
        async with turn:
            for _ in range(_LOOKS):
                seen = await look(id, by)
                _require_version(seen, version)
                wish = await asyncio.to_thread(edit, seen)
                if (kept := await self._ending(changing(seen, wish, by), by)) is not None:
                    return kept
        raise PreconditionFailed("It was changed again and again meanwhile.")

    async def _ending(self, unit: Callable[[Change], T], by: Signed) -> T:
        """A change that may end somebody; what it refuses is for administrators to look at."""
        try:
            return await self._changes.write(unit)
        except (Braked, BeyondDirectory) as refused:
            found, now = _finding(by.person, refused), self._clock.monotonic()
            if now - self._noted.get(found.id, -math.inf) >= _NOTE_EVERY_S:  # whoever hammers writes no row each time
                self._noted[found.id] = now
                await self._findings.note([found])
            raise

    def _end(self, change: Change, known: KeptPerson, by: Signed, *, delete: bool) -> None:
        store.brake_of(change.conn, by.person.id, change.now).require(known.id, change.now)
        self._identity.deprovision(change, known.id, by.person.id, delete=delete)

    def _describe(self, change: Change, known: KeptPerson, wish: PersonWish, by: Signed) -> None:
        columns: dict[str, str | None] = {}
        name = check_name(wish.name)
        if name != known.name:
            self._free(change.conn, name, known.id)
            columns |= {"name": name, "key": name_key(name)}
            change.record(PersonChanged, person=known.id, what="name", by=by.person.id)
        said = {"display": wish.display, "mail": wish.mail, "external_id": wish.external_id}
        if said != {"display": known.display, "mail": known.mail, "external_id": known.external_id}:
            columns |= said
            change.record(PersonChanged, person=known.id, what="description", by=by.person.id)
        if columns:
            identity_store.change_person(change.conn, known.id, **columns)

    def _align(self, change: Change, persons: frozenset[str], by: Signed, directory: str | None = None) -> None:
        """Give everybody of these the roles of their groups, and of the others that follow groups none."""
        whose = directory or by.person.id
        for id in sorted(persons) if self._following else ():
            known = identity_store.get_person(change.conn, id)
            if not self._within(known):
                continue
            names = store.groups_of(change.conn, whose, id).values()
            given = [self._group_roles.get(name_key(name), frozenset()) for name in names]
            roles = (known.roles - self._following).union(*given)
            if roles != known.roles:
                self._identity.change_roles_in(change, known, roles, by.person.id)

    def _require(self, change: Change, by: Signed) -> None:
        """Inside the change too: a token that was revoked a moment ago writes nothing more."""
        require_directory(by)
        if not self._identity.alive(change.conn, by.principal):
            raise Forbidden("This token is no longer valid.")

    def _within(self, person: Person) -> bool:
        return person.rights <= rights(self._following)

    def _require_within(self, conn: Connection, person: str) -> None:
        if not self._within(identity_store.get_person(conn, person)):
            raise BeyondDirectory("This account has rights that no directory gives.")

    def _person(self, conn: Connection, id: str, by: Signed) -> KeptPerson:
        found = store.find_person(conn, by.person.id, id)
        if found is None:
            raise NotFound("There is no such person in this directory.")
        return found

    def _group(self, conn: Connection, id: str, by: Signed) -> KeptGroup:
        found = store.find_group(conn, by.person.id, id)
        if found is None:
            raise NotFound("There is no such group in this directory.")
        return found

    def _free(self, conn: Connection, name: str, but: str = "") -> None:
        if store.name_taken(conn, name, but):
            raise Conflict("This userName is taken.")

    def _check_group(self, conn: Connection, wish: GroupWish, by: Signed, known: KeptGroup | None = None) -> None:
        names = store.group_names(conn, by.person.id)
        if any(name_key(name) == name_key(wish.name) for id, name in names.items() if known is None or id != known.id):
            raise Conflict("This displayName is taken.")
        if strangers := store.strangers(conn, by.person.id, wish.members - (known.members if known else frozenset())):
            raise BadInput(f"members: there is no {min(strangers)[:80]} in this directory.")

    def _told(self, change: Change, group: str, what: str, name: str, members: int, by: Signed) -> None:
        change.record(GroupChanged, group=group, what=what, name=name, members=members, by=by.person.id)

    def _account(self, conn: Connection, directory: str) -> Person:
        account = identity_store.find_person(conn, directory)
        if account is None or not is_directory(account):
            raise NotFound("There is no such directory.")
        return account

    def _stand(self, conn: Connection, account: Person, now: datetime) -> Directory:
        brake = store.brake_of(conn, account.id, now)
        people, groups = store.count_people(conn, account.id), store.count_groups(conn, account.id)
        return Directory(account, people, groups, brake, brake.holds(now))


def is_directory(account: Person) -> bool:
    """A service account with the right to provision and no other."""
    return account.kind is Kind.SERVICE and account.rights == _ALONE


def require_directory(by: Signed) -> None:
    """Raises Forbidden for everybody but a directory with a token of its own."""
    if not is_directory(by.person) or by.token is None:
        raise Forbidden("SCIM is for service accounts that have the role provisioner and no other.")


def _require_version(known: KeptPerson | KeptGroup, version: int | None) -> None:
    if version is not None and known.version != version:
        raise PreconditionFailed("It was changed since you looked.")


def _page(found: list[T], fits: Callable[[T], bool], start: int, count: int) -> tuple[list[T], int]:
    left = [one for one in found if fits(one)]
    return left[start : start + count], len(left)


def _finding(account: Person, refused: Braked | BeyondDirectory) -> Seen:
    title = (
        "A directory was braked: it ended many people at once"
        if isinstance(refused, Braked)
        else "A directory wanted to change an account that it may not"
    )
    return Seen(
        "scim", f"{refused.code} {account.id}", "warning", title, {"directory": account.name, "said": refused.message},
        refused.hint, person=account.id,
    )  # fmt: skip
