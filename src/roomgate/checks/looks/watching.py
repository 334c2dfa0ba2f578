"""One cause of the target file: everything is opened, the cause comes, and all is watched until it is cut.

A channel that did not serve before proves nothing. Afterwards request channels are asked four times a second, live
ones twice a second where they have something to be sent, until all are cut or the watch is over.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from roomgate.checks.cuts import EVERYTHING, WATCHED, Cut
from roomgate.checks.kit import Kit
from roomgate.checks.live import Held
from roomgate.checks.looks.causes import by_hand as done_by_hand
from roomgate.checks.looks.causes import channels_of, link_of, said_of, values_of
from roomgate.checks.looks.undoing import signed_in_anew, undo
from roomgate.checks.pace import Pace
from roomgate.checks.probe import Probe
from roomgate.checks.served import Known, Manner, manner_of
from roomgate.checks.snapshot import Act
from roomgate.checks.target import Account, Ask, Cause, Channel, Deed, Link
from roomgate.checks.web import CannotSignIn, Session, session_of
from roomgate.errors import RoomgateError

TICK_S = 0.25
PING_S = 0.5
IDLE_PING_S = 2.0  # while the cause is on its way
BEFORE_S = 35.0  # a long-poll answers within half a minute, as a rule
RHYTHM_S = 10.0
ANEW_S = 5.0  # between two new sign-ins
EXPIRY_MOST_S = 900.0
PER_SECOND_MOST = 20.0
MET_S = 2.0
_REOPEN_S = {"long-poll": 0.25}
_REOPEN_MOST = 3
_OWN = ("signed-out", "session-ended", "token-revoked")  # done from the very browser that is watched
_AGAIN = (
    "admin-password", "own-password", "device-password", "deleted", "disabled", "scim-disabled", "role-removed",
    "grant-removed", "lock", "expired",
)  # fmt: skip


class Watch:
    """One cause, from the sign-in to the undoing."""

    def __init__(self, kit: Kit, cause: Cause, part: float, share: float) -> None:
        self._kit = kit
        self._cause = cause
        self._part, self._share = part, share
        self._link = link_of(kit.target, cause)
        self._probes: list[Probe] = []
        self._held: list[Held] = []
        self._sessions: dict[str, Session] = {}
        self._why: dict[str, str] = {}  # channels that could not be tried, and why
        self._vague: list[tuple[Channel, Known]] = []  # request channels whose answers the file does not describe
        self._pinged = -1000.0
        self._began = self._done = 0.0
        self._failed = ""
        self._act: Act | None = None
        self._proven: set[str] = set()
        self._watched = 0.0
        self._ends: dict[str, dict[str, object]] = {}  # how each live channel stood when the watch was over

    async def run(self) -> None:
        cause, kit = self._cause, self._kit
        self._show("signing in", 0.0)
        tried = cancelled = False
        try:
            await self._prepare()
            if not (self._probes or self._held):
                self._failed = "none of its channels could be tried"
            else:
                async with asyncio.TaskGroup() as group:
                    try:
                        await self._before(group)
                        if self._proven:
                            tried = True
                            await self._come(group)
                            if self._act is not None:
                                await self._after(group)
                        else:
                            self._failed = "no channel served anything before"
                    finally:
                        for held in self._held:
                            if held.task is not None:
                                held.task.cancel()
                        for probe in self._probes:
                            probe.flush()
            self._tell()
        except asyncio.CancelledError:
            cancelled = True
            raise
        finally:
            # A deed that failed may still have changed something; one that nobody could be asked for has not. Whoever
            # stops the run while they are asked may have done it already.
            asked = cancelled and self._act is None and kit.tester.present and done_by_hand(cause.deed)
            if tried and (self._act is not None or self._half_done() or asked):
                by_hand = asked or (self._act is not None and self._act.how == "by hand" and cause.kind != "expired")
                await undo(kit, cause, by_hand=by_hand, cancelled=cancelled)
        kit.recorder.fact(cause.name, "ended")

    def _half_done(self) -> bool:
        name = self._cause.name
        return any(isinstance(step, Act) and step.label == step.name == name for step in self._kit.recorder.steps)

    # ---- before --------------------------------------------------------------------------------------

    async def _prepare(self) -> None:
        cause, kit = self._cause, self._kit
        channels = channels_of(kit.target, cause)
        count = sum(channel.kind == "request" for channel in channels) + 1
        pace = Pace(min(count / TICK_S, PER_SECOND_MOST), kit.time)
        for channel in channels:
            session = await self._session(cause.account or channel.request.account, channel.name)
            if session is None:
                continue
            known = self._known(channel)
            if channel.kind == "request":
                self._probes.append(Probe(kit, channel.name, channel.request, session, known, cause.name, pace))
                if not known.told:
                    self._vague.append((channel, known))
            else:
                self._held.append(Held(kit, channel, session, known, cause.name))
        link = self._link
        if link is not None and link.marker and cause.account and cause.kind in (*_AGAIN, "link-revoked"):
            alone = self._stranger(kit.web.fresh("the link alone"))
            known = Known(marker=link.marker)
            self._probes.append(
                Probe(kit, f"{link.name or 'link'} alone", Ask(url=link.url), alone, known, cause.name, pace, anew=True)
            )

    def _known(self, channel: Channel) -> Known:
        """What its answers hold: by the file, or by the link's marker where it is the link's own page."""
        known = Known(
            expects=channel.expects or channel.request.expects,
            broken_is_refused=self._cause.kind == "device-password",
        )
        url = channel.request.url
        for link in self._kit.target.links:
            if not known.expects and (url == link.url or (url == "{link}" and link is self._link)):
                known.marker = link.marker
        return known

    def _stranger(self, session: Session) -> Session:
        if self._link is not None:
            session.values["link"] = self._link.url
        return session

    async def _session(self, name: str, channel: str) -> Session | None:
        """Signed in afresh for this cause, once for each account."""
        if name not in self._sessions:
            try:
                made = self._kit.web.fresh() if not name else await self._sign_in(self._kit.target.account(name))
            except CannotSignIn as broken:
                self._why[channel] = str(broken)
                return None
            self._sessions[name] = self._stranger(made)
        return self._sessions[name]

    async def _sign_in(self, account: Account) -> Session:
        if account.sign_in is None and not account.headers and not account.token:
            return session_of(account)  # the link is all that it needs; if not, nothing is served, and that is told
        return await self._kit.web.sign_in_as(account, f"{self._cause.name}: sign-in")

    async def _control(self, channel: Channel, known: Known) -> None:
        """Where the file does not say what is served: is the same served to anybody? Then it proves nothing."""
        fresh = self._stranger(self._kit.web.fresh("a stranger"))
        ask = msgspec.structs.replace(channel.request, account="", headers={})
        if not (self._cause.account or channel.request.account):
            ask = msgspec.structs.replace(ask, url=_other(ask.url, self._link))
        label = f"{self._cause.name}: control"
        step = await self._kit.web.send(ask, label, fresh, declared=True, follow=3, subject=channel.name)
        if manner_of(step, known) is Manner.SERVED:
            self._why[channel.name] = (
                "anybody gets an answer there: let its expects, or the link's marker, say what only somebody who is "
                "let in gets"
            )
        elif step.succeeded:
            known.strange.append(step.body)

    async def _before(self, group: asyncio.TaskGroup) -> None:
        """Until everything has served, or has had its chance."""
        for held in self._held:
            held.task = group.create_task(held.hold())
        began = self._kit.recorder.t
        while (t := self._kit.recorder.t) - began < BEFORE_S:
            wanted = [probe for probe in self._probes if not probe.counts[Manner.SERVED] and _tries(probe) < 3]
            if not wanted and all(self._settled(held, t) for held in self._held):
                break
            self._show("opening everything", 0.1)
            await self._tick(group, wanted, PING_S)
        self._probes = [probe for probe in self._probes if not probe.anew or probe.counts[Manner.SERVED]]
        for known in [*(probe.known for probe in self._probes), *(held.known for held in self._held)]:
            known.learning = False
        for channel, known in self._vague:
            if known.samples:
                await self._control(channel, known)
        self._proven = {probe.name for probe in self._probes if probe.counts[Manner.SERVED]} - self._why.keys()
        for held in self._held:
            name = held.channel.name
            if held.whole:
                self._why[name] = "it was over before anything was changed: name a longer one"
            elif held.last_t is None:
                self._why[name] = held.refused or held.trouble or "it served nothing before anything was changed"
            else:
                self._proven.add(name)

    def _settled(self, held: Held, t: float) -> bool:
        if held.refused or held.whole:
            return True
        if held.last_t is None:
            return False
        pushes = not held.channel.send and held.channel.kind in ("events", "websocket")
        return not pushes or held.counts[Manner.SERVED] >= 3 or t - held.served[0] >= RHYTHM_S

    # ---- the cause, and after it ---------------------------------------------------------------------

    async def _come(self, group: asyncio.TaskGroup) -> None:
        """Have the deed done, and keep the live channels alive meanwhile."""
        cause, kit = self._cause, self._kit
        for _ in range(2):  # a long-poll that has just answered is asked again, so that the cause meets it waiting
            self._reopen(group)
            await self._tick(group, [], PING_S)
        for held in self._held:
            if not held.held and held.channel.name in self._proven:
                self._proven.discard(held.channel.name)
                self._why[held.channel.name] = f"it ended by itself before anything was changed ({held.ended_how})"
            held.mark()
        self._began = kit.recorder.t
        deed = group.create_task(self._do())
        while not deed.done():
            self._show("waiting for it to be done", 0.2)
            await asyncio.wait([deed], timeout=TICK_S)
            await self._ping(IDLE_PING_S)
            self._reopen(group)
        self._act = deed.result()
        if self._act is not None:
            self._done = self._act.t
        for held in self._held:
            held.mark()
        kit.progress(f"{cause.name}: done" if self._act else f"{cause.name}: {self._failed}", self._part)

    async def _do(self) -> Act | None:
        cause, kit = self._cause, self._kit
        try:
            if cause.kind == "expired" and cause.deed == Deed() and (left := self._left()) is not None:
                if not 0.0 <= left <= EXPIRY_MOST_S:
                    raise RoomgateError(f"it ends in {left:.0f} s, and at most {EXPIRY_MOST_S:.0f} s are waited for")
                await kit.time.sleep(left)
                act: Act = kit.recorder.add(Act, label=cause.name, name=cause.name, how="by itself", began=self._began)
                return act
            session = None
            if cause.deed.request is not None:
                account = cause.deed.request.account
                if cause.kind in _OWN and account in self._sessions:
                    mine = self._sessions[account]
                    session = Session(mine.name, dict(mine.headers), mine.cookies.__class__(mine.cookies), mine.values)
                else:
                    await signed_in_anew(kit, account)
            return await kit.tester.do(
                cause.deed, cause.name, say=said_of(cause), label=cause.name, values=values_of(kit.target, cause),
                session=session, ends=cause.kind in _OWN,
            )  # fmt: skip
        except RoomgateError as broken:
            self._failed = str(broken)
            return None

    def _left(self) -> float | None:
        link = self._link
        if link is None or link.issued is None or link.lifetime_s is None or link.issued.tzinfo is None:
            return None
        return (link.issued + timedelta(seconds=link.lifetime_s) - self._kit.time.now()).total_seconds()

    async def _after(self, group: asyncio.TaskGroup) -> None:
        cause = self._cause
        watch_s = max(cause.watch_s, cause.within_s)
        for probe in self._probes:
            probe.cut_t, probe.row = None, 0
        anew = self._anew()
        while True:
            t = self._kit.recorder.t - self._done
            held_over = [self._over(held) for held in self._held]
            wanted = [probe for probe in self._probes if not probe.cut]
            if not wanted:  # now whoever was shut out tries to come in again
                wanted = [probe for probe in anew if not probe.cut]
            if not wanted and all(held_over):
                break
            if t >= watch_s + self._rhythm_s():
                wanted = [probe for probe in (*self._probes, *anew) if not probe.cut and probe.name in self._proven]
                if wanted:
                    await self._tick(group, wanted, PING_S, always=True)
                break
            cut = sum(probe.cut for probe in self._probes) + sum(held_over)
            self._show(
                f"watching {t:.0f} of {watch_s:.0f} s, {cut} of {len(self._probes) + len(self._held)} channels cut",
                0.3 + 0.6 * t / watch_s,
            )
            await self._tick(group, wanted, PING_S)
            self._reopen(group)
        for probe in [probe for probe in self._probes if probe.cut]:
            await probe.once()  # cut is cut for good: once more, at the end
        self._probes += anew
        self._watched = self._kit.recorder.t - self._done
        self._ends = {held.channel.name: self._of_held(held) for held in self._held}

    def _rhythm_s(self) -> float:
        """How much longer to look: what served after the cause, and is not yet due again, has its turn."""
        within_s = self._cause.within_s
        waited = [
            min(2 * held.widest_s + 2.0, BEFORE_S)
            for held in self._held
            if held.held and not held.silent() and 0.0 < (self._since(held.last_t) or 0.0) <= within_s
        ]
        return max(waited, default=0.0)

    def _anew(self) -> list[Probe]:
        """A new sign-in with what was valid before, by whoever should be shut out."""
        cause, kit = self._cause, self._kit
        account = kit.target.account(cause.account) if cause.account else None
        if account is None or account.sign_in is None or cause.kind not in _AGAIN:
            return []
        first = next((probe for probe in self._probes if probe.name in self._proven and not probe.anew), None)
        if first is None:
            return []
        self._proven.add("a new sign-in")
        return [first.again("a new sign-in", account.name, ANEW_S)]

    def _over(self, held: Held) -> bool:
        """Whether nothing is to be expected of it any more, before the watch is over."""
        if held.channel.name not in self._proven:
            return True
        if held.held:
            return False
        return held.channel.kind == "download" or bool(held.refused) or held.tries >= _REOPEN_MOST

    def _reopen(self, group: asyncio.TaskGroup) -> None:
        """What ended is tried again, as every client does: refused, it was cut; served, it was not."""
        for held in self._held:
            if held.held or held.refused or held.channel.kind == "download" or held.channel.name not in self._proven:
                continue
            wait_s = _REOPEN_S.get(held.channel.kind, 2.0) if not held.tries else ANEW_S
            if held.tries < _REOPEN_MOST and self._kit.recorder.t - held.stopped_t >= wait_s:
                held.task = group.create_task(held.hold())

    # ---- both ----------------------------------------------------------------------------------------

    async def _tick(
        self, group: asyncio.TaskGroup, wanted: Sequence[Probe], ping_s: float, *, always: bool = False
    ) -> None:
        began = self._kit.time.monotonic()
        t = self._kit.recorder.t
        asked = [group.create_task(probe.once()) for probe in wanted if probe.due(t) or (always and not probe.busy)]
        if asked:
            await asyncio.wait(asked, timeout=None if always else TICK_S)
        await self._ping(ping_s)
        await self._kit.time.sleep(max(began + TICK_S - self._kit.time.monotonic(), 0.0))

    async def _ping(self, every_s: float) -> None:
        t = self._kit.recorder.t
        if t - self._pinged >= every_s:
            self._pinged = t
            for held in self._held:
                if held.open:
                    await held.ask()

    def _show(self, what: str, part: float) -> None:
        self._kit.progress(f"{self._cause.name}: {what}", self._part + self._share * part)

    # ---- what it came to -----------------------------------------------------------------------------

    def _tell(self) -> None:
        cause = self._cause
        base = {
            "cause": cause.name, "cause_kind": cause.kind, "within_s": cause.within_s,
            "watched_s": round(self._watched, 3),
        }  # fmt: skip
        told = set()
        for probe in self._probes:
            told.add(probe.name)
            self._fact(probe.name, anew=probe.anew, **self._proof(probe.name), **base, **self._of_probe(probe))
        for held in self._held:
            told.add(held.channel.name)
            kind = held.channel.kind
            self._fact(
                held.channel.name,
                channel_kind=kind,
                **self._proof(held.channel.name),
                **base,
                **self._ends.get(held.channel.name, {}),
            )
        for name, why in self._why.items():
            if name not in told:
                self._fact(name, **base, why=why, named=name in cause.channels)
        if not told and not self._why:
            self._fact(EVERYTHING, **base, why=self._failed)

    def _proof(self, name: str) -> dict[str, object]:
        why = self._why.get(name) or ("" if self._act is not None else self._failed)
        if name not in self._proven and not why:
            why = "it served nothing before anything was changed"
        return {
            "proven": name in self._proven and self._act is not None,
            "why": why,
            "named": name in self._cause.channels,
        }

    def _fact(self, subject: str, **fields: object) -> None:
        cut = msgspec.convert({"channel": subject, **fields}, Cut)
        self._kit.recorder.fact(self._cause.name, WATCHED, msgspec.to_builtins(cut), subject=subject)

    def _met(self, held: Held) -> bool:
        """Whether a download ended when something else was cut: that is no accident."""
        ends = [probe.cut_t for probe in self._probes if probe.cut]
        ends += [one.marked_end_t for one in self._held if one is not held and one.channel.kind != "long-poll"]
        return any(abs(t - (held.ended_t or 0.0)) <= MET_S for t in ends if t is not None)

    def _since(self, t: float | None) -> float | None:
        """Seconds after the deed; nothing for what was before."""
        return None if t is None or t <= self._done else round(t - self._done, 3)

    def _of_probe(self, probe: Probe) -> dict[str, object]:
        cut_s = None if probe.cut_t is None or not probe.cut else max(0.0, round(probe.cut_t - self._done, 3))
        if probe.account and cut_s is not None and not probe.counts[Manner.SERVED]:
            cut_s = 0.0  # whenever it was tried: it was never let in
        return {
            "last_s": self._since(probe.last_t), "unclear_s": self._since(probe.unclear_t), "cut_s": cut_s,
            "how": probe.how, "asked": sum(probe.counts.values()),
            **{manner.value: count for manner, count in probe.counts.items()},
        }  # fmt: skip

    def _of_held(self, held: Held) -> dict[str, object]:
        last, cut, how = self._since(held.last_t), None, held.ended_how
        if held.channel.kind == "download" and held.whole:
            how = "it came to its own end: name a longer one"
        elif held.vague and not self._met(held):
            how = "it ended, and nothing shows whether it was to be longer: name a longer one"
        elif held.channel.kind == "long-poll" and last is not None and not (held.held or held.refused or held.tries):
            how = "it had just answered when the watch was over"
        elif not held.held and held.ended_t is not None:
            cut = max(held.ended_t - self._done, last or 0.0, 0.0)
        elif held.silent():
            cut, how = last or 0.0, "open but silent to the end of the watch"
        else:
            how = "it stayed open, and nothing shows whether it would still serve: let it have something to send"
        return {
            "last_s": last, "unclear_s": self._since(held.unclear_t), "how": how,
            "held_s": self._since(held.marked_last_t),
            "held_cut_s": None if held.marked_end_t is None else max(0.0, round(held.marked_end_t - self._done, 3)),
            "cut_s": None if cut is None else round(cut, 3), "asked": held.asked,
            **{manner.value: count for manner, count in held.counts.items()},
        }  # fmt: skip


def _tries(probe: Probe) -> int:
    return sum(probe.counts.values())


def _other(url: str, link: Link | None) -> str:
    """The same address for a link that nobody issued: its last letters are others."""
    issued = link.url if link is not None else url
    url = url.replace("{link}", issued)
    stem, _, query = url.partition("?")
    changed = "".join("x" if letter != "x" else "y" for letter in stem[-6:] if letter != "/")
    return stem[: len(stem) - len(changed)] + changed + (f"?{query}" if query else "")
