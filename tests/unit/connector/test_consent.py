import asyncio
from collections.abc import Callable

import pytest

from roomgate.connector.consent import Panel, Question, Said
from roomgate.connector.room import Listener
from roomgate.xapi.errors import CommandFailed
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from support.rooms import MemoryRoom
from support.waiting import until

QUESTION = Question("Ada", "call a@example.com from this room", "weekly call")


def panel() -> Panel:
    return Panel(Catalogue.shipped())


def prompt(event: str, **facts: object) -> dict[str, object]:
    return {"Event": {"UserInterface": {"Message": {"Prompt": {event: facts}}}}}


def test_the_question_says_who_what_and_why_and_fits_the_panel() -> None:
    text = Question("A" * 300, "call " + "x" * 300, "y" * 300).text()
    assert len(text) <= 255
    assert "Who: Ada" in QUESTION.text()
    assert "What: call a@example.com" in QUESTION.text()
    assert "Why: weekly call" in QUESTION.text()


def test_text_from_outside_cannot_break_the_line() -> None:
    assert "\n" not in Question("Ada\nYes", "call\u202e", "\x00").text()


@pytest.mark.asyncio
@pytest.mark.parametrize(("option", "said"), [(1, Said.YES), (2, Said.NO)])
async def test_the_room_answers(option: int, said: Said) -> None:
    room = MemoryRoom(answer=option)
    assert await panel().ask(room, QUESTION) is said


@pytest.mark.asyncio
async def test_silence_is_no() -> None:
    assert await panel().ask(MemoryRoom(), QUESTION, wait_s=0.01) is Said.NOTHING


@pytest.mark.asyncio
async def test_a_question_that_the_device_cleared_was_not_answered() -> None:
    room, one = MemoryRoom(), panel()
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(one.ask(room, QUESTION))
        await until(lambda: room.prompts)
        mark = room.prompts[0].argument("FeedbackId")
        room.feedback("event", prompt("Cleared", FeedbackId=mark))
    assert asking.result() is Said.NOTHING


@pytest.mark.asyncio
async def test_an_answer_to_another_prompt_is_none() -> None:
    room, one = MemoryRoom(), panel()
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(one.ask(room, QUESTION, wait_s=0.2))
        await until(lambda: room.prompts)
        room.feedback("event", prompt("Response", FeedbackId="somebody-else", OptionId=1))
        room.feedback("event", prompt("Response", OptionId=1))
    assert asking.result() is Said.NOTHING


@pytest.mark.asyncio
async def test_each_question_has_a_mark_that_nobody_can_guess() -> None:
    room = MemoryRoom(answer=2)
    for _ in range(20):
        await panel().ask(room, QUESTION)
    marks = {str(p.argument("FeedbackId")) for p in room.prompts}
    assert len(marks) == 20
    assert min(map(len, marks)) >= 30


@pytest.mark.asyncio
async def test_one_question_at_a_time() -> None:
    room, one = MemoryRoom(), panel()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(one.ask(room, QUESTION))
        await until(lambda: room.prompts)
        assert await one.ask(room, QUESTION) is Said.BUSY
        room.press(1)
    assert first.result() is Said.YES
    assert len(room.prompts) == 1


@pytest.mark.asyncio
async def test_a_notice_makes_way_for_a_question_and_comes_back() -> None:
    room, one, over = MemoryRoom(), panel(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        notice = group.create_task(one.notice(room, "Ada called.", over))
        await until(lambda: len(room.prompts) == 1)
        asking = group.create_task(one.ask(room, QUESTION))
        await until(lambda: len(room.prompts) == 2)
        room.press(2)
        await until(lambda: len(room.prompts) == 3)
        assert room.prompts[2].argument("Option.1") == "Keep"
        over.set()
    assert asking.result() is Said.NO
    assert notice.result() is False


class SlowRoom(MemoryRoom):
    """Whose device takes a subscription when ``lets`` is set."""

    lets: asyncio.Event

    async def subscribe(self, path: Path, listener: Listener) -> Callable[[], None]:
        await self.lets.wait()
        return await super().subscribe(path, listener)


@pytest.mark.asyncio
async def test_a_notice_that_is_on_its_way_does_not_push_a_question_away() -> None:
    room, one, over = SlowRoom(), panel(), asyncio.Event()
    room.lets = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(one.notice(room, "Ada called.", over))
        await asyncio.sleep(0)
        asking = group.create_task(one.ask(room, QUESTION))
        await asyncio.sleep(0)
        room.lets.set()
        await until(lambda: room.prompts)
        assert [prompt.argument("Title") for prompt in room.prompts] == ["May this happen?"]
        room.press(1)
        over.set()
    assert asking.result() is Said.YES


@pytest.mark.asyncio
async def test_keep_is_told_and_seen_is_not_keep() -> None:
    for option, kept in ((1, True), (2, False)):
        room, one, over = MemoryRoom(), panel(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            notice = group.create_task(one.notice(room, "Ada called.", over))
            await until(lambda room=room: room.prompts)
            room.press(option)
            if not kept:
                over.set()
        assert notice.result() is kept


@pytest.mark.asyncio
async def test_a_panel_that_cannot_be_reached_is_no_yes() -> None:
    class Broken(MemoryRoom):
        async def call(self, call, *, privileged=False):
            raise CommandFailed("no panel")

    with pytest.raises(CommandFailed):
        await panel().ask(Broken(), QUESTION)


@pytest.mark.asyncio
async def test_telling_a_room_that_cannot_hear_is_no_fault() -> None:
    class Broken(MemoryRoom):
        async def call(self, call, *, privileged=False):
            self.calls.append(call)
            raise CommandFailed("no panel")

    room = Broken()
    await panel().tell(room, "Access ended.")
    assert len(room.calls) == 1
