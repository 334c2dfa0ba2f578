"""The relay: an ask goes in, a decision is made, an order goes out, an outcome comes back.

Theory: the decision's entry is durable before a command's order is signed, and between the last check and the
send nothing can come (`Heard`). An ask that was permitted runs to its end whether or not somebody waits for
it: a client that hangs up neither stops a call nor makes it happen twice. Nothing is ever sent again.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol

from sqlalchemy import Connection

from roomgate import log
from roomgate.access.capability import Classes
from roomgate.access.decision import Ask, Denied, Facts, Permit, decide, used_up
from roomgate.access.principal import Principal
from roomgate.clock import Clock, iso
from roomgate.errors import BadInput, Conflict, NotFound, RoomgateError, Unreachable
from roomgate.hub.channels import IDLE, Channel, ChannelClosed, Kind, Session
from roomgate.hub.relay import store
from roomgate.hub.relay.asked import Answer, Asked, Asks, Wish
from roomgate.hub.relay.cut import FactsSource, apply
from roomgate.hub.relay.heard import Heard
from roomgate.hub.relay.joining import LIST_ARGUMENTS, choose_booking
from roomgate.hub.relay.links import Links, Live
from roomgate.hub.relay.masking import mask_result, masked_call, masked_text
from roomgate.hub.relay.sessions import Book
from roomgate.hub.relay.standing import stand, sum_up
from roomgate.hub.relay.watch import Watch
from roomgate.ids import AskId, DeviceId, OrderId, RoomId, mint
from roomgate.ledger.event import Event, OutcomeKnown, Permitted, Refused
from roomgate.link.messages import Outcome
from roomgate.redact import foreign
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

WAIT_S = 1.5  # how long a plain REST ask waits before it is told to come back
ANSWER_WITHIN_S = 90.0  # the longest that an order's outcome is awaited, the room's consent included
SUBSCRIBE_WITHIN_S = 10.0
SWEEP_EVERY_S = 5.0
RESTARTED = "hub.restarted"
FAULT_WORDS = "The hub had a fault."
LOST_READING_WORDS = "The answer was lost on its way. Nothing was changed: ask again."
RESTARTED_WORDS = "The hub was restarted: look at the room before you ask again."
OPEN_TUNNEL = Path.parse("Command/Roomgate/Tunnel/Open")
MOST_PENDING = 32  # asks under way in one session

_log = log.get("relay")


Along = Callable[[Connection], None]  # somebody's part of the unit of work that writes a permit down


class SessionLetGo(Unreachable):
    """The connector has let the session go meanwhile; it has a new id, and may be asked in again."""


class Devices(Protocol):
    """Which device stands in a room."""

    def device_of(self, room: RoomId) -> str: ...


class Relay:
    def __init__(
        self,
        db: Database,
        record: Record,
        grants: FactsSource,
        devices: Devices,
        book: Book,
        heard: Heard,
        links: Links,
        asks: Asks,
        clock: Clock,
        catalogue: Catalogue,
    ) -> None:
        self._db = db
        self._record = record
        self._grants = grants
        self._devices = devices
        self.book = book
        self.links = links
        self._heard = heard
        self._clock = clock
        self.catalogue = catalogue
        self._asks = asks
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Carry what was permitted to its end, and let go of what lives no more. To be supervised."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                await self._close_waiting()
                while True:
                    await asyncio.sleep(SWEEP_EVERY_S)
                    self.sweep()
        finally:
            self._group = None

    async def _close_waiting(self) -> None:
        """What an earlier run left without an outcome is called unknown, in the record too.

        Its unit of work is handed over before any new ask's can be: units keep their order.
        """
        at = iso(self._clock.now())

        def unit(conn: Connection) -> None:
            for order, room, connector in store.waiting_asks(conn):
                entry = OutcomeKnown(
                    at=at, order=order, outcome="unknown", detail=f"{RESTARTED} {RESTARTED_WORDS}", room=room,
                    connector=connector,
                )  # fmt: skip
                store.answer_ask(
                    conn, order, "unknown", RESTARTED, RESTARTED_WORDS, at, self._record.append(conn, entry)
                )

        await self._db.write(unit)

    def sweep(self) -> None:
        """Forget idle sessions and old answers."""
        gone = [session.id for session in self.book.sweep() if session.opened is not None]
        if gone:
            at = iso(self._clock.now())
            self._db.write_soon(lambda conn: store.end_sessions(conn, list(gone), IDLE, at))
        self._asks.sweep()

    # -- asking --------------------------------------------------------------------------------------

    async def ask(
        self,
        principal: Principal,
        room_name: str,
        wish: Wish,
        *,
        session: Session | None = None,
        wait_s: float = WAIT_S,
        along: Along | None = None,
    ) -> Answer:
        """Ask one thing of a room, and wait for its outcome at most ``wait_s``; then the answer is "waiting".

        ``along``: of what acts, what is written in one commit with the permit; what it raises is raised here, and
        then nothing was written or sent.

        Raises XapiError for what the catalogue does not know, Denied (whose ``some_grant`` tells whether the
        asker may learn that there is such a room), Unreachable where nothing was sent, and what the storage
        raises when the permit cannot be made durable: then nothing was sent either.
        """
        asked = await self._start(principal, room_name, wish, session, along)
        try:
            async with asyncio.timeout(wait_s):
                await asked.over.wait()
        except TimeoutError:
            pass  # it goes on; the asker comes back for it
        return asked.answer()

    async def _start(
        self, principal: Principal, room_name: str, wish: Wish, session: Session | None, along: Along | None
    ) -> Asked:
        group = self._group
        if group is None:
            raise Unreachable("The hub is starting or stopping.")
        call = wish.call(self.catalogue)
        assert along is None or call.acts, "what only looks has no commit of its own"
        if call.path == OPEN_TUNNEL and (session is None or session.kind is not Kind.TUNNEL):
            raise BadInput(
                "A tunnel is opened by `roomgate room tunnel`: nothing else could carry what goes through it."
            )
        permit, facts, mark = await self._permit(principal, room_name, call, wish.reason, session)
        room = permit.ask.room
        if session is None:
            session = self.book.reuse(principal, room)
        if session.pending >= MOST_PENDING:
            raise Conflict("Too many asks are under way in this session.", hint="Wait for one of them.")
        asked = Asked(
            permit.ask.id, OrderId(mint("order")), principal, room.name, call, session, self._clock.monotonic()
        )
        self._hold(asked, permit, facts)
        with self.book.asking(session):
            if call.acts:
                # Durable before anything is signed: what cannot be recorded does not happen.
                await self._keep_permit(permit, asked, along)
            else:
                self._record.add_with_next(self._permitted(permit, asked))
            self._asks.add(asked)
            self.book.ask_began(session)  # until `_over`
            live = self.links.ready(room)
            if live is not None:
                self._send(asked, permit, mark, live)
            else:
                group.create_task(self._send_once_there(asked, permit, mark), name=f"relay.{asked.order}")
        return asked

    async def _permit(
        self, principal: Principal, room_name: str, call: Call, reason: str, session: Session | None
    ) -> tuple[Permit, Facts, int]:
        """Decide; a denial is written down. The mark is from before the facts were read."""
        if session is not None and session.ended is not None:
            raise ChannelClosed(session.ended.words)
        mark = self._heard.mark()
        room, facts = await self._grants.facts(principal, room_name)
        id = AskId(mint("ask"))
        try:
            if room is None:
                raise Denied("no-room", "There is no such room.")
            ask = Ask(id, principal, room, call, reason, session.id if session else None)
            permit = decide(ask, facts, self._clock.now(), self.catalogue)
        except Denied as no:
            self._refused(id, principal, room.name if room else foreign(room_name, 80), call, no)
            raise
        self._require(mark, permit, facts, session)
        return permit, facts, mark

    def _refused(self, id: AskId, principal: Principal, room: str, call: Call, no: Denied) -> None:
        self._soon(
            Refused(
                at=iso(self._clock.now()),
                ask=id,
                principal=principal.id,
                room=room,
                call=str(masked_call(call, self.catalogue)),
                rule=no.rule,
            )
        )

    def _require(self, mark: int, permit: Permit, facts: Facts, session: Session | None) -> None:
        """Raises Denied if access changed since the mark."""
        if session is not None and session.ended is not None:
            raise Denied(session.ended.cause, session.ended.words, some_grant=True)
        grants = frozenset(grant.id for grant in facts.grants)
        room = permit.ask.room
        self._heard.require(mark, permit.ask.principal, room, session.id if session else None, grants)

    def _hold(self, asked: Asked, permit: Permit, facts: Facts) -> None:
        """What the facts give is what the session may carry; nothing was heard since they were read."""
        session = asked.session
        apply(session, sum_up(session.principal, permit.ask.room, facts, permit.at))
        session.room = permit.ask.room
        session.grant = permit.by
        if asked.intrusive:
            session.uses |= {Call(permit.ask.call.verb, permit.ask.call.path)}

    def _permitted(self, permit: Permit, asked: Asked) -> Permitted:
        call = asked.call
        return Permitted(
            at=iso(self._clock.now()),
            ask=asked.id,
            order=asked.order,
            principal=asked.principal.id,
            room=asked.room,
            call=str(masked_call(call, self.catalogue)),
            digest=asked.digest,
            grant=permit.by,
            reason=permit.ask.reason,
            connector=permit.ask.room.connector,
            session=asked.session.id,
        )

    async def _keep_permit(self, permit: Permit, asked: Asked, along: Along | None) -> None:
        """Make the permit of what acts durable: entry, session, ask, and the use of a grant that is counted.

        Raises Denied where another ask took the last use meanwhile: then nothing is written.
        """
        session, entry = asked.session, self._permitted(permit, asked)
        text = masked_text(asked.call, self.catalogue)

        def unit(conn: Connection) -> tuple[int, int]:
            if along is not None:
                along(conn)
            used = self._grants.use_in(conn, permit.by) if permit.counted else 0
            if used is None:
                raise used_up()
            index = self._record.append(conn, entry)
            if session.opened is None:
                opened = store.position(conn)
                store.keep_session(conn, session, permit.by, opened, entry.at)
                session.opened = opened
            ask = store.KeptAsk(asked.id, asked.principal.id, asked.room, asked.order, "waiting", "", "", index)
            store.add_ask(conn, ask, session.id, text, entry.at)
            return index, used

        try:
            asked.entry, used = await self._db.write(unit)
        except Denied as no:
            self._refused(asked.id, asked.principal, asked.room, asked.call, no)
            raise
        if permit.counted:
            self._grants.used(permit.by, used)

    async def _send_once_there(self, asked: Asked, permit: Permit, mark: int) -> None:
        """The link has just come up, or is away: it is given a moment."""
        try:
            live = await self.links.get(permit.ask.room)
        except Unreachable as away:
            self._over(asked, permit, Outcome(asked.order, "failed", rule=away.code, words=away.message))
        except asyncio.CancelledError:  # the hub stops
            self._asks.ended(asked)
            self.book.ask_ended(asked.session)
            raise
        else:
            self._send(asked, permit, mark, live)

    def _send(self, asked: Asked, permit: Permit, mark: int, live: Live) -> None:
        """Check once more and send: nothing is awaited between. From now on it goes to its end by itself: `_over`."""
        session, room = asked.session, permit.ask.room
        # What it causes stands on its grant from now on, though the connector reports it only with its next heartbeat.
        session.unreported |= asked.intrusive
        over = partial(self._over, asked, permit)
        try:
            device = DeviceId(self._devices.device_of(room.id))
            if session.ended is not None:
                raise Denied(session.ended.cause, session.ended.words, some_grant=True)
            self._heard.require(mark, asked.principal, room, session.id, session.grants)
            asked.sent_in = session.id
            self.links.order(live, permit, asked, device, over)
        except Denied as no:
            over(Outcome(asked.order, "refused", rule=no.rule, words=no.message))
        except RoomgateError as fault:
            over(Outcome(asked.order, "failed", rule=fault.code, words=fault.message))
        except Exception as fault:  # the outermost edge of an ask: its asker gets an answer whatever happened
            _fault(asked, fault)
            over(Outcome(asked.order, "unknown", rule="internal", words=FAULT_WORDS))
        else:
            asked.sent = True
            asked.deadline = asyncio.get_running_loop().call_later(ANSWER_WITHIN_S, over, _late(asked))

    def _over(self, asked: Asked, permit: Permit, outcome: Outcome) -> None:
        """The one end of an ask, whatever it was; it is recorded. Runs where the outcome was heard, and never raises."""
        session = asked.session
        if asked.deadline is not None:
            asked.deadline.cancel()
        self.links.forget(asked.order)
        self._asks.ended(asked)
        try:
            session.unreported |= asked.intrusive and outcome.outcome != "refused"
            self._keep_outcome(asked.call, asked.room, permit.ask.room.connector, outcome)
            self._settle(asked, permit, outcome)
        except Exception as fault:  # the outermost edge of an ask, and the link's other messages are not to suffer
            _fault(asked, fault)
            asked.settle("unknown", rule="internal", words=FAULT_WORDS)
        finally:
            self.book.ask_ended(session)

    def _settle(self, asked: Asked, permit: Permit, outcome: Outcome) -> None:
        self._let_go(asked, outcome)
        if outcome.outcome == "unknown" and not asked.call.acts:
            # The record keeps the unknown; to the asker a lost reading is nobody's answer, and can be asked again.
            outcome = Outcome(asked.order, "failed", rule=Unreachable.code, words=LOST_READING_WORDS)
        result = self._permitted_part(asked, permit, outcome.result)
        asked.settle(
            outcome.outcome, result=result, rule=outcome.rule, words=foreign(outcome.words, 500), code=outcome.code
        )

    def _let_go(self, asked: Asked, outcome: Outcome) -> bool:
        """Whether the connector has let the session go, with all that it had caused: then it goes on under a new id.

        Several orders of it may be refused at once: one new id is enough, and the next would take the first's leave.
        """
        session = asked.session
        gone = outcome.outcome == "refused" and outcome.rule in ("session.lease", "session.cut")
        if gone and session.ended is None and session.id == asked.sent_in:
            self.book.reissue(session)
        return gone and session.ended is None

    def _permitted_part(self, asked: Asked, permit: Permit, result: Any) -> Any:
        """Of a read, the leaves that the grants covered when it was asked and cover now; of everything, no secrets."""
        call, held = asked.call, asked.session.capabilities
        if call.verb is Verb.GET:
            prefix = None if call.path.is_pattern else call.path
            result = tree.prune_parts(result, prefix, permit.may_read_parts)
            if not permit.held <= held:  # narrowed meanwhile
                classes = Classes.shipped()
                result = tree.prune(result, prefix, lambda leaf: classes.told(leaf, self.catalogue) in held)
        return mask_result(result)

    def _keep_outcome(self, call: Call, room: str, connector: str, outcome: Outcome) -> None:
        """With the next group commit, at most a second from now."""
        at = iso(self._clock.now())
        entry = OutcomeKnown(
            at=at,
            order=outcome.order,
            outcome=outcome.outcome,
            detail=foreign(f"{outcome.rule} {outcome.words}".strip(), 300),
            room=room,
            connector=connector,
        )
        if call.acts:
            self._outcome_soon(entry, outcome)
        else:
            self._record.add_soon(entry)

    def _outcome_soon(self, entry: OutcomeKnown, outcome: Outcome) -> None:
        def unit(conn: Connection) -> None:
            index = self._record.append(conn, entry)
            words = foreign(outcome.words, 500)
            store.answer_ask(conn, outcome.order, outcome.outcome, outcome.rule, words, entry.at, index)

        try:
            self._db.write_soon(unit)
        except RoomgateError as fault:
            _log.error("relay.outcome-not-kept", order=outcome.order, error=fault.message)

    def _known_after_all(self, entry: OutcomeKnown, outcome: Outcome) -> None:
        words = foreign(outcome.words, 500)

        def unit(conn: Connection) -> None:
            index = self._record.append(conn, entry)
            store.answer_late(
                conn, entry.order, entry.connector, entry.outcome, outcome.rule, words, entry.at, index
            )  # fmt: skip

        self._db.write_soon(unit)

    def late_outcome(self, outcome: Outcome, connector: str) -> None:
        """An outcome that nobody waits for any more: the asker was told "unknown", the record learns better."""
        if outcome.outcome == "waiting":
            return
        asked = self._asks.by_order(outcome.order)
        if asked is not None and asked.session.room.connector != connector:
            return
        entry = OutcomeKnown(
            at=iso(self._clock.now()),
            order=outcome.order[:80],
            outcome=outcome.outcome[:20],
            detail=foreign(f"late {outcome.rule} {outcome.words}".strip(), 300),
            room=asked.room if asked else "",
            connector=connector,
        )
        if asked is None:  # a read, or an ask from before a restart
            self._known_after_all(entry, outcome)
            return
        self._outcome_soon(entry, outcome)
        if asked.outcome == "unknown":
            # Not its result: the permit under which that might be read is a thing of the past.
            asked.settle(outcome.outcome, rule=outcome.rule, words=foreign(outcome.words, 500), code=outcome.code)

    def _soon(self, event: Event) -> None:
        self._record.add_soon(event)

    def in_question(self) -> list[Asked]:
        """The asks that wait for somebody in the room to say yes, the oldest first."""
        return self._asks.in_question()

    async def answer(self, id: str, principal: Principal, may_see: bool, wait_s: float = 0.0) -> Answer:
        """What has become of an ask, for its asker or somebody who may see everything; raises NotFound."""
        asked = self._asks.find(id)
        if asked is not None and (may_see or asked.principal.id == principal.id):
            try:
                async with asyncio.timeout(wait_s):
                    await asked.over.wait()
            except TimeoutError:
                pass  # still waiting is an answer
            return asked.answer()
        kept = await self._db.read(lambda conn: store.find_ask(conn, id))
        if asked is not None or kept is None or not (may_see or kept.person == principal.id):
            raise NotFound("There is no such ask.")
        outcome, words = kept.outcome, kept.words
        if outcome == "waiting":  # the hub was restarted meanwhile
            outcome, words = "unknown", RESTARTED_WORDS
        receipt = None if kept.entry is None else {"entry": kept.entry, "order": kept.order}
        return Answer(kept.id, kept.order, outcome, None, kept.rule, words, receipt=receipt)

    async def join(
        self,
        principal: Principal,
        room_name: str,
        which: str,
        reason: str,
        *,
        session: Session | None = None,
        wait_s: float = WAIT_S,
    ) -> Answer:
        """Join one of the room's own bookings: ``next``, or by its id. The result says which it was."""
        look = Wish(Verb.COMMAND, "Bookings.List", LIST_ARGUMENTS, reason=reason)
        listed = await self.ask(principal, room_name, look, session=session, wait_s=10.0)
        if listed.outcome != "done":
            return listed
        booked = choose_booking(listed.result, which, self._clock.now())
        dial = Wish(Verb.COMMAND, "Dial", booked.arguments(), reason=reason)
        answer = await self.ask(principal, room_name, dial, session=session, wait_s=wait_s)
        joined = {"id": booked.id, "title": booked.title, "start": iso(booked.start), "end": iso(booked.end)}
        asked = self._asks.find(answer.ask)
        result = {**(answer.result if isinstance(answer.result, dict) else {}), "joined": joined}
        if asked is not None and asked.outcome == "done":
            asked.result = result
        return Answer(
            answer.ask, answer.order, answer.outcome, result, answer.rule, answer.words, answer.code, answer.receipt
        )

    def let_go(self, ask: AskId) -> None:
        """Its result was handed over, and is too much or too private to be kept for whoever comes back for it."""
        asked = self._asks.find(ask)
        if asked is not None:
            asked.result = None

    # -- sessions and watching -------------------------------------------------------------------------

    async def open_session(self, principal: Principal, room_name: str, kind: Kind) -> Session:
        """A session for a channel into one room; raises Denied. Without any permit it opens nothing yet."""
        mark = self._heard.mark()
        room, facts = await self._grants.facts(principal, room_name)
        standing = stand(principal, room, facts, self._clock.now(), self.catalogue, None)
        assert room is not None, "stand() refuses a room that is not there"
        session = self.book.open(principal, room, kind)
        if not self._heard.clear(mark, principal, room, session.id, standing.grants):
            raise Denied("changed", "Your access changed while this was being asked.", some_grant=True)
        apply(session, standing)
        return session

    async def require_room(self, principal: Principal, room_name: str) -> None:
        """Raises Denied where they may do nothing in this room now; opens nothing."""
        room, facts = await self._grants.facts(principal, room_name)
        stand(principal, room, facts, self._clock.now(), self.catalogue, None)

    async def watch(self, channel: Channel, path: Path | str, reason: str = "") -> Watch:
        """Hear of every change at or below a path, over an open channel; the present value comes first.

        Raises as `ask` does, and ChannelClosed. Close the watch when nobody reads it any more.
        """
        session = channel.session
        channel.require_open()
        if session is None:
            raise ChannelClosed("This channel is not into a room.")
        call = Wish(Verb.SUBSCRIBE, path).call(self.catalogue)
        watch = Watch(session, call, OrderId(mint("order")), self.catalogue, self.links.drop_watch)
        try:
            await self.subscribe(watch, reason)
            channel.require_open()
            if watch.ended is not None:  # judged anew while it was being made
                raise Denied(watch.ended.cause, watch.ended.words, some_grant=True)
        except BaseException:
            watch.close()
            raise
        return watch

    async def subscribe(self, watch: Watch, reason: str = "") -> None:
        """Ask the connector for what a watch is to hear: at its beginning, and again after a lost link."""
        session, call = watch.session, watch.call
        permit, facts, mark = await self._permit(session.principal, session.room.name, call, reason, session)
        asked = Asked(
            permit.ask.id, watch.order, session.principal, session.room.name, call, session, self._clock.monotonic()
        )
        self._hold(asked, permit, facts)
        with self.book.asking(session):
            self._record.add_with_next(self._permitted(permit, asked))
            live = await self.links.get(permit.ask.room)
            device = DeviceId(self._devices.device_of(permit.ask.room.id))
            self._require(mark, permit, facts, session)
            # Feedback may come ahead of the outcome, so the watch is known before.
            self.links.add_watch(watch)
            final = asyncio.get_running_loop().create_future()

            def heard(outcome: Outcome) -> None:
                if not final.done():
                    final.set_result(outcome)

            asked.sent_in = session.id
            self.links.order(live, permit, asked, device, heard)
            try:
                async with asyncio.timeout(SUBSCRIBE_WITHIN_S):
                    outcome: Outcome = await final
            except TimeoutError as late:
                raise Unreachable("The site's connector does not answer.") from late
            finally:
                self.links.forget(watch.order)
        if outcome.outcome != "done":
            if self._let_go(asked, outcome):
                raise SessionLetGo(foreign(outcome.words, 500))
            if outcome.outcome == "refused":
                raise Denied(outcome.rule or "site", foreign(outcome.words, 500), some_grant=True)
            raise Unreachable(foreign(outcome.words, 500) or "The device does not answer.")

    def background(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None] | None:
        """Let something go on that the link's reader must not wait for. It handles its own failures.

        None while the hub stops: then it is not begun.
        """
        if self._group is None:
            work.close()
            return None
        return self._group.create_task(work, name=name)

    def resubscribe(self, watch: Watch) -> None:
        """In the background, after a link came back."""
        self.background(self._again(watch), "relay.again")

    async def _again(self, watch: Watch) -> None:
        try:
            for last in (False, True):
                watch.order = OrderId(mint("order"))
                try:
                    await self.subscribe(watch)
                    return
                except SessionLetGo:
                    if last:
                        raise
                    self.links.forget_watch(watch)
        except Exception as fault:  # the outermost edge: it hears nothing more, and its reader is told so
            _log.warning("relay.watch-lost", error=f"{type(fault).__name__}: {fault}"[:200])
            watch.close()


def _fault(asked: Asked, fault: Exception) -> None:
    _log.error("relay.fault", order=asked.order, error=f"{type(fault).__name__}: {fault}"[:300])


def _late(asked: Asked) -> Outcome:
    words = "No answer came in time: look at the room before you ask again."
    return Outcome(asked.order, "unknown", rule="answer.late", words=words)
