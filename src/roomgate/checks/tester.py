"""What a look cannot do itself: change something at the target, or see something with a person's eyes.

The target file may say how a thing is done (a `Deed`: a request, a command); what it does not say is asked of the
tester, if there is one (``--interactive``). Nobody there, nothing said: the look ends, and its checks are inconclusive.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import urljoin

from roomgate.checks.forms import has_password_field
from roomgate.checks.pace import Pace, Time
from roomgate.checks.recorder import Recorder
from roomgate.checks.snapshot import Act, Exchange, Told
from roomgate.checks.target import Ask, Deed, filled, filled_ask
from roomgate.checks.web import Session, Web
from roomgate.errors import RoomgateError

_MOST_OUTPUT = 64 * 1024


class NobodyToAsk(RoomgateError):
    """This needs a tester's hand, or a deed in the target file."""

    code = "check.nobody-to-ask"
    hint = "Run it with --interactive, or let the target file say how it is done."


class NotDone(RoomgateError):
    """The deed did not work, so nothing can be concluded from what came after it."""

    code = "check.not-done"
    hint = "Try the deed of the target file by hand; its output is among the evidence."


class Voice(Protocol):
    """The tester at the terminal."""

    async def please(self, what: str) -> None:
        """Ask for something to be done; returns once the tester says that it is."""

    async def choose(self, question: str, answers: Sequence[str]) -> str:
        """Ask something; gives one of the answers."""

    async def type(self, question: str) -> str:
        """Ask for a line of text."""


class Tester:
    def __init__(self, recorder: Recorder, web: Web, time: Time, voice: Voice | None = None) -> None:
        self._recorder = recorder
        self._web = web
        self._time = time
        self._voice = voice

    @property
    def present(self) -> bool:
        return self._voice is not None

    async def do(
        self, deed: Deed | None, name: str, *, say: str = "", label: str = "", values: Mapping[str, str] | None = None,
        session: Session | None = None, pace: Pace | None = None, ends: bool = False,
    ) -> Act:  # fmt: skip
        """Have it done, and record when. ``say`` is how a person is asked, where the file has no words of its own;
        ``session``: whose browser a request is sent from, if not its account's.

        ``pace``: a budget of the look's own, for what has to happen at once. ``ends``: it ends the very sign-in that it
        is made with, so that being led to the sign-in page is no refusal.

        Gives the Act; its ``answer`` is what a request or a command gave back. Raises NobodyToAsk, NotDone.
        """
        deed = deed or Deed()
        began = self._recorder.t
        label, values = label or name, values or {}
        if deed.request is not None:
            if session is None and not deed.request.account:
                session = self._web.fresh()
            step = await self._web.send(filled_ask(deed.request, values), label, session, declared=True, pace=pace)
            done = self._recorder.t
            ok = step.succeeded and (not deed.request.expects or deed.request.expects in step.body)
            if 300 <= step.status < 400:
                ok = await self._led_on(step, deed.request, label, session, pace, ends=ends)
            return self._done(name, label, "request", ok, step.body or step.fault or str(step.status), began, done)
        if deed.command:
            ok, said = await self._run([filled(word, values) for word in deed.command], deed.within_s)
            return self._done(name, label, "command", ok, said, began)
        if self._voice is None:
            raise NobodyToAsk(f"Nobody can be asked to do this: {filled(deed.say or say or name, values)}")
        await self._voice.please(filled(deed.say or say or name, values))
        return self._done(name, label, "by hand", True, "", began)

    async def choose(self, question: str, answers: Sequence[str], label: str) -> str:
        """A question to the tester's eyes, answered and recorded. Raises NobodyToAsk."""
        if self._voice is None:
            raise NobodyToAsk(f"Nobody can be asked this: {question}")
        answer = await self._voice.choose(question, answers)
        self._recorder.add(Told, label=label, question=question, answer=answer)
        return answer

    async def type(self, question: str, label: str) -> str:
        if self._voice is None:
            raise NobodyToAsk(f"Nobody can be asked this: {question}")
        answer = await self._voice.type(question)
        self._recorder.add(Told, label=label, question=question, answer=answer)
        return answer

    async def _led_on(
        self, step: Exchange, ask: Ask, label: str, session: Session | None, pace: Pace | None, *, ends: bool
    ) -> bool:
        """Whether a form whose answer leads on to another page was taken: most are answered so.

        One that leads to a sign-in page was refused, unless it was a sign-out.
        """
        if ends and not ask.expects:
            return True
        to = urljoin(step.url, step.header("location"))
        if not step.header("location") or not self._web.permits(to):
            return False
        # In the browser that sent the form; of an account that is known by its headers, with those.
        after = Ask(url=to, account=ask.account)
        page = await self._web.send(after, f"{label} (what it leads to)", session, follow=3, pace=pace)
        return page.succeeded and (ask.expects in page.body if ask.expects else not has_password_field(page.body))

    def _done(
        self, name: str, label: str, how: str, ok: bool, answer: str, began: float, t: float | None = None
    ) -> Act:
        act: Act = self._recorder.add(
            Act, label=label, name=name, how=how, ok=ok, answer=answer[:_MOST_OUTPUT], began=began, t=t
        )
        if not ok:
            raise NotDone(f"{name}: it did not work ({answer[:200]})")
        return act

    async def _run(self, words: Sequence[str], within_s: float) -> tuple[bool, str]:
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except OSError as fault:
            return False, f"{words[0]} cannot be run: {fault.strerror}"
        try:
            async with asyncio.timeout(within_s):
                said, _ = await process.communicate()
        except TimeoutError:
            return False, f"it took longer than {within_s:.0f} s"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode == 0, said[:_MOST_OUTPUT].decode("utf-8", "replace").strip()
