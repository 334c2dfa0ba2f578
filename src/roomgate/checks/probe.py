"""A request channel, asked again and again: how often it was served, and when it no longer was.

Of the many answers, those are kept as evidence that show a change, and one every few seconds between.
"""

from urllib.parse import urlsplit

import httpx
import msgspec

from roomgate.checks.addresses import NotPermitted
from roomgate.checks.kit import Kit
from roomgate.checks.pace import Pace
from roomgate.checks.served import Known, Manner, manner_of
from roomgate.checks.snapshot import Exchange
from roomgate.checks.target import Ask
from roomgate.checks.web import CannotSignIn, Session

_KEEP_EVERY_S = 5.0
_BODY_MOST = 16 * 1024
SURE = 2  # refusals in a row


class Probe:
    """``account``: it signs in anew each time, as who should be shut out would; ``every_s``: not more often."""

    def __init__(
        self, kit: Kit, name: str, ask: Ask, session: Session, known: Known, label: str, pace: Pace, *,
        every_s: float = 0.25, anew: bool = False, account: str = "",
    ) -> None:  # fmt: skip
        self._kit = kit
        self._ask = ask
        self._session = session
        self._label = label
        self._pace = pace
        self._kept_t = -1000.0
        self._manner: Manner | None = None
        self._waiting: Exchange | None = None
        self.name = name
        self.known = known
        self.every_s = every_s
        self.anew = anew
        self.account = account
        self.busy = False
        self.asked_t: float | None = None
        self.last_t: float | None = None
        self.unclear_t: float | None = None
        self.cut_t: float | None = None  # the first of the refusals in a row
        self.how = ""
        self.row = 0
        self.counts = dict.fromkeys(Manner, 0)

    @property
    def cut(self) -> bool:
        return self.row >= (1 if self.account else SURE)

    def due(self, t: float) -> bool:
        return not self.busy and (self.asked_t is None or t - self.asked_t >= self.every_s - 0.01)

    async def once(self) -> Manner:
        """Ask once. Raises nothing of ours: that nobody answers is an answer."""
        self.busy = True
        self.asked_t = self._kit.recorder.t
        try:
            session = await self._sign_in() if self.account else self._session
            if isinstance(session, Manner):
                manner = self._note(session, "the sign-in itself")
            else:
                manner = await self._one(session)
        except NotPermitted as forbidden:
            manner = self._note(Manner.TROUBLE, str(forbidden))
        finally:
            self.busy = False
        return manner

    def again(self, name: str, account: str, every_s: float) -> "Probe":
        """The same request, by somebody who signs in anew for it."""
        return Probe(
            self._kit, name, self._ask, self._session, self.known, self._label, self._pace, every_s=every_s, anew=True,
            account=account,
        )  # fmt: skip

    async def _sign_in(self) -> Session | Manner:
        began = len(self._kit.recorder.steps)
        try:
            session = await self._kit.web.sign_in_as(self._kit.target.account(self.account), f"{self._label}: sign-in")
        except CannotSignIn:
            answers = [step for step in self._kit.recorder.steps[began:] if isinstance(step, Exchange)]
            if answers and (not answers[-1].answered or answers[-1].status >= 500 or answers[-1].status == 429):
                return Manner.TROUBLE
            return Manner.REFUSED
        session.values.update({"link": self._session.values.get("link", "")})
        return session

    async def _one(self, session: Session) -> Manner:
        # Each try has the cookies that last served: what a refusal takes away, somebody shut out would have kept.
        mine = Session(session.name, session.headers, httpx.Cookies(session.cookies), session.values)
        step = await self._kit.web.send(
            self._ask, self._label, mine, declared=True, follow=3, pace=self._pace, subject=self.name, kept=False
        )
        manner = manner_of(step, self.known)
        if manner is Manner.SERVED:
            session.cookies = mine.cookies
            self.known.learn(step.body, step.url)
        self._keep(step, manner)
        how = f"answer {step.status}" if step.answered else step.fault
        if manner is Manner.REFUSED and step.succeeded:
            how += f" at {urlsplit(step.url).path}, which is not what was served before"
        return self._note(manner, how, step.t)

    def _note(self, manner: Manner, how: str, t: float | None = None) -> Manner:
        """``t`` is when it was asked: what was on its way when the cause came is not held against anybody."""
        t = (self.asked_t or 0.0) if t is None else t
        self.counts[manner] += 1
        match manner:
            case Manner.SERVED:
                self.last_t, self.cut_t, self.row, self.how = t, None, 0, ""
            case Manner.REFUSED:
                self.cut_t = t if self.cut_t is None else self.cut_t
                self.row += 1
                self.how = how
            case Manner.UNCLEAR:
                self.unclear_t, self.cut_t, self.row = t, None, 0
            case Manner.TROUBLE:
                pass
        return manner

    def _keep(self, step: Exchange, manner: Manner) -> None:
        if len(step.body) > _BODY_MOST:
            step = msgspec.structs.replace(step, body=step.body[:_BODY_MOST], truncated=True)
        if manner is self._manner and step.t - self._kept_t < _KEEP_EVERY_S and self.row != SURE:
            self._waiting = step
            return
        self.flush()
        self._manner, self._kept_t = manner, step.t
        self._kit.recorder.keep(step)

    def flush(self) -> None:
        """The last one, which was not due yet."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._kit.recorder.keep(waiting)
