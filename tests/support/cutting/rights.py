"""Who may what, reckoned naïvely from what was done: the model that the real code is held against.

It knows nothing of sessions, leases, links or revocations. It is told of each act, and remembers until when
somebody was last entitled; what reaches them later than that and the bound is a fault. It errs towards yes: what
gives counts from when it began, what takes from when it is known to have happened.
"""

from dataclasses import dataclass, field

Key = tuple[str, str, str]  # credential, room, capability


@dataclass(eq=False)
class Given:
    person: str
    room: str
    capabilities: set[str]
    until: float
    giver: str
    ended: bool = False
    paused: bool = False


@dataclass(eq=False)
class Rights:
    people: dict[str, bool] = field(default_factory=dict)  # active
    credentials: dict[str, tuple[str, bool]] = field(default_factory=dict)  # person, lives
    ends: dict[str, float] = field(default_factory=dict)
    grants: dict[str, Given] = field(default_factory=dict)
    locks: dict[str, tuple[str, str]] = field(default_factory=dict)
    shut: set[str] = field(default_factory=set)  # rooms whose device's credential was changed
    lost: set[str] = field(default_factory=set)  # rooms that were removed
    _last: dict[Key, float] = field(default_factory=dict)

    def entitled(self, credential: str, room: str, capability: str, now: float) -> bool:
        person, lives = self.credentials.get(credential, ("", False))
        if not lives or not self.people.get(person, False) or self.ends.get(credential, now + 1) <= now:
            return False
        if room in self.lost or ("room", room) in self.locks.values() or ("person", person) in self.locks.values():
            return False
        if room in self.shut and capability != "page":
            return False
        wanted = None if capability == "page" else capability  # any grant shows the page
        return any(
            g.person == person and g.room == room and not g.ended and not g.paused and now < g.until
            and (wanted is None or wanted in g.capabilities)
            for g in self.grants.values()
        )  # fmt: skip

    def see(self, keys: set[Key], now: float) -> None:
        """Remember who is entitled at this moment."""
        for key in keys:
            if self.entitled(*key, now):
                self._last[key] = now

    def since(self, key: Key, now: float) -> float:
        """Seconds since this was last rightful; 0 where it is now."""
        if self.entitled(*key, now):
            self._last[key] = now
            return 0.0
        ends = [g.until for g in self.grants.values() if not g.ended and g.until <= now and g.room == key[1]]
        end = self.ends.get(key[0])
        ends += [end] if end is not None and end <= now else []
        # What ended by itself since it was last seen ended then.
        last = self._last.get(key, -1e9)
        return now - max([last, *(e for e in ends if e > last)], default=now)

    def last(self, key: Key) -> float:
        return self._last.get(key, -1e9)

    # -- what happened -------------------------------------------------------------------------------------

    def end_credentials(self, person: str, spared: str = "") -> None:
        for name, (owner, _) in self.credentials.items():
            if owner == person and name != spared:
                self.credentials[name] = (owner, False)

    def end_person(self, person: str) -> None:
        self.people[person] = False
        self.end_credentials(person)
        for grant in self.grants.values():
            if grant.person == person:
                grant.ended = True
            if grant.giver == person and not grant.ended:
                grant.paused = True

    def pause_of(self, giver: str) -> None:
        for grant in self.grants.values():
            if grant.giver == giver and not grant.ended:
                grant.paused = True
