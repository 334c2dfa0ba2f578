"""The pages of a room's settings, read as somebody reads them, over a device that answers from memory."""

import asyncio
import re
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from roomgate.access.capability import Capability
from roomgate.hub.settings import service, view
from roomgate.link.messages import Outcome
from support.console import console, words
from support.settings import settled
from support.waiting import until

pytestmark = pytest.mark.asyncio
HERE = "/rooms/oslo/settings"
VOLUME, NAME = "Audio/DefaultVolume", "SystemUnit/Name"
ENOUGH = ("av-control", "system", "call", "configure", "observe")


async def person(it, *capabilities, name="bob"):
    """Somebody with one grant of all of these: rights of two do not add up."""
    await it.hub.person(name)
    await it.hub.parts.grants.make(
        it.hub.admin, name, ["oslo"], frozenset(map(Capability, capabilities)), minutes=10, reason="test"
    )
    return await it.as_(name)


def edits(**fields):
    """A form as a page sends it: name → (was, is), with slashes for underlines."""
    sent = {}
    for name, (was, now) in fields.items():
        name = name.replace("_", "/")
        sent |= {f"w:{name}": was, f"v:{name}": now}
    return sent


async def test_only_what_the_grants_cover_is_shown_and_only_what_they_change_has_a_control(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        settled(await it.connect("oslo"))
        bob = await person(it, "av-control", "configure")
        page = (await bob.get(f"{HERE}?group=Audio")).text
        assert 'name="v:Audio/DefaultVolume" type="number" value="50" min="0" max="100"' in page
        assert "<option selected>Off</option>" in page
        everything = (await bob.get(f"{HERE}?q=e")).text
        assert "SystemUnit" not in everything
        assert "Websocket" not in everything
        eve = await person(it, "system", "av-control", name="eve")
        read = await eve.get(f"{HERE}?q=name")
        assert "v:SystemUnit" not in read.text
        assert "To change it you need: settings" in words(read)


async def test_a_part_of_a_long_list_says_which_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MOST", 1)
    async with console(tmp_path) as it:
        settled(await it.connect("oslo"))
        bob = await person(it, *ENOUGH)
        first, second = [await bob.get(f"{HERE}?q=e&first={number}") for number in (0, 1)]
        of = re.search(r"1–1 of (\d+)", words(first))
        assert of is not None
        assert f"2–2 of {of[1]}" in words(second)
        assert ("Previous page" in words(first), "Next page" in words(first)) == (False, True)
        assert "Previous page" in words(second)
        assert "of 0" not in words(await bob.get(f"{HERE}?q=nothing-of-this-name"))


async def test_a_secret_is_dots_and_an_empty_field(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = settled(await it.connect("oslo"))
        bob = await person(it, "security", "configure", "observe")
        page = (await bob.get(f"{HERE}?q=password")).text
        assert "***" not in page
        assert re.search(
            r'<input class="input" id="f1" name="v:SIP/Authentication/Password" type="password"[^>]*>', page
        )
        secret = "correct horse battery"
        path = "SIP/Authentication/Password"
        seen = await bob.post(f"{HERE}/edit", **{f"w:{path}": "•", f"v:{path}": secret})
        assert secret not in seen.text
        done = await bob.post(f"{HERE}/apply", **{f"s:{path}": "=•••"})
        assert site.changes == [(f"Configuration/{path}", secret)]
        assert secret not in done.text
        assert "/undo" not in done.text
        history = await bob.get(f"{HERE}/history?setting={path}")
        assert secret not in history.text
        assert "***" in history.text


async def test_several_are_reviewed_applied_and_taken_back(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = settled(await it.connect("oslo"))
        bob = await person(it, *ENOUGH)
        seen = await bob.post(
            f"{HERE}/edit", **edits(Audio_DefaultVolume=("50", "40"), SystemUnit_Name=("oslo", "Boardroom"))
        )
        assert site.changes == []
        text = words(seen)
        assert "Apply 2 changes" in text
        assert "Allowed" in text
        assert 'name="s:Audio/DefaultVolume" value="=50"' in seen.text
        done = await bob.post(
            f"{HERE}/apply", reason="a new room", **{"s:Audio/DefaultVolume": "=50", "s:SystemUnit/Name": "=oslo"}
        )
        assert site.changes == [(f"Configuration/{VOLUME}", 40), (f"Configuration/{NAME}", "Boardroom")]
        assert "2 of 2 done" in words(done)
        undone = await bob.post(f"{HERE}/undo")
        assert site.changes[2:] == [(f"Configuration/{NAME}", "oslo"), (f"Configuration/{VOLUME}", 50)]
        assert "What was taken back" in words(undone)
        history = words(await bob.get(f"{HERE}/history?setting={VOLUME}"))
        assert re.search(r"bob “undo” 40 50 .*bob “a new room” unknown 40", history), history


async def test_what_another_changed_meanwhile_is_told_and_asked_again(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = settled(await it.connect("oslo"))
        bob = await person(it, *ENOUGH)
        await bob.post(f"{HERE}/edit", **edits(Audio_DefaultVolume=("50", "40")))
        site.put(f"Configuration/{VOLUME}", 60)
        again = await bob.post(f"{HERE}/apply", **{f"s:{VOLUME}": "=50"})
        assert site.changes == []
        text = words(again)
        assert "Changed meanwhile: it was 50 when you looked, it is 60 now." in text
        assert "Nothing was applied" in text
        await bob.post(f"{HERE}/apply", **{f"s:{VOLUME}": "=60"})
        assert site.changes == [(f"Configuration/{VOLUME}", 40)]
        site.put(f"Configuration/{VOLUME}", 61)
        undone = await bob.post(f"{HERE}/undo")
        assert site.value(f"Configuration/{VOLUME}") == 61
        assert "it is 61 now" in words(undone)


async def test_the_one_who_changed_it_is_named_to_whoever_may_know(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        settled(await it.connect("oslo"))
        bob, ada = await person(it, *ENOUGH), await person(it, *ENOUGH, name="ada2")
        for one in ("av-control", "configure"):
            await it.hub.grant("ada", "oslo", capability=one)
        boss = await it.as_("ada")
        await boss.post(f"{HERE}/edit", **edits(Audio_DefaultVolume=("50", "40")))
        await ada.post(f"{HERE}/edit", **edits(Audio_DefaultVolume=("50", "45")))
        await ada.post(f"{HERE}/apply", **{f"s:{VOLUME}": "=50"})
        await bob.post(f"{HERE}/edit", **edits(Audio_DefaultVolume=("50", "46")))
        await it.hub.parts.db.write(lambda conn: None)  # outcomes are committed a moment later
        assert "Changed by ada2." not in words(await bob.get(f"{HERE}/review"))
        await it.hub.parts.grants.make(
            it.hub.admin, "ada", ["oslo"], frozenset(map(Capability, ENOUGH)), minutes=10, reason="test"
        )
        assert "Changed by ada2." in words(await boss.get(f"{HERE}/review"))


async def test_what_is_refused_or_lost_is_told_beside_each_and_nothing_is_tried_behind_the_lost(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = settled(await it.connect("oslo"))
        ring = "Audio/SoundsAndAlerts/RingVolume"
        site.refused.add(f"Configuration/{VOLUME}")
        site.fails[f"Configuration/{VOLUME}"] = Outcome("", "refused", rule="policy", words="Not here.")
        site.fails[f"Configuration/{ring}"] = Outcome("", "unknown", rule="answer.late", words="It went away.")
        bob = await person(it, *ENOUGH)
        seen = await bob.post(
            f"{HERE}/edit",
            **edits(
                Audio_DefaultVolume=("50", "40"), Audio_SoundsAndAlerts_RingVolume=("50", "10"),
                SystemUnit_Name=("oslo", "Boardroom"),
            ),
        )  # fmt: skip
        assert "Will be refused Not here." in words(seen)
        done = words(await bob.post(f"{HERE}/apply"))
        assert "0 of 3 done" in done
        assert re.search(
            r"DefaultVolume.*Refused.*Not here.*RingVolume.*Not known.*It went away.*Name.*Not tried", done
        )
        assert len(site.changes) == 2


async def test_what_no_device_takes_is_said_at_once_and_the_rest_is_kept(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        settled(await it.connect("oslo"))
        bob = await person(it, *ENOUGH)
        said = await bob.post(
            f"{HERE}/edit", **edits(Audio_DefaultVolume=("50", "400"), SystemUnit_Name=("oslo", "Boardroom"))
        )
        text = words(said)
        assert "DefaultVolume takes 0–100, got" in text
        assert "1 change waits" in text
        await bob.post(f"{HERE}/drop")
        assert "Nothing to apply" in words(await bob.get(f"{HERE}/review"))


async def test_back_to_the_default_is_one_button_and_a_change_can_be_left_out(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = settled(await it.connect("oslo"))
        site.put(f"Configuration/{VOLUME}", 77)
        bob = await person(it, *ENOUGH)
        changed = await bob.get(HERE)
        assert f'name="d" value="{VOLUME}"' in changed.text
        seen = await bob.post(f"{HERE}/edit", d=VOLUME, **edits(Audio_DefaultVolume=("77", "77")))
        assert re.search(r'mono" dir="auto">77<.*mono" dir="auto">50<', seen.text)
        left = await bob.post(f"{HERE}/drop", name=VOLUME)
        assert "change waits" not in words(left)


async def test_going_elsewhere_keeps_what_was_changed_and_never_leads_away_from_the_hub(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        settled(await it.connect("oslo"))
        bob = await person(it, *ENOUGH)
        kept = await bob.post(f"{HERE}/edit", go=f"{HERE}?group=Time", **edits(Audio_DefaultVolume=("50", "40")))
        assert "1 change waits" in words(kept)
        assert "Time" in words(kept)
        away = await bob.http.post(
            f"{HERE}/edit", data={"csrf": bob.csrf, "go": "https://elsewhere.example/"}, headers=bob.headers
        )
        assert away.headers["location"] == "/rooms"
        nothing = await bob.post(f"{HERE}/edit", back=HERE, **edits(Audio_DefaultVolume=("50", "50")))
        assert "Apply 1 change" in words(nothing)


async def test_a_search_as_you_type_asks_the_device_once_and_a_page_always(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = settled(await it.connect("oslo"))
        bob = await person(it, *ENOUGH)
        await bob.get(HERE)
        for typed in ("v", "vo", "vol"):
            found = await bob.get(f"{HERE}?q={typed}", **{"X-Look": "1"})
        assert "RingVolume" in found.text
        assert site.reads == 1
        it.hub.clock.advance(16)
        await bob.get(f"{HERE}?q=volu", **{"X-Look": "1"})
        assert site.reads == 2


async def test_a_room_that_does_not_answer_or_is_not_theirs_has_no_settings(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        settled(site)
        bob = await person(it, "observe")
        await it.hub.person("eve")
        eve = await it.as_("eve")
        assert (await eve.get(HERE)).status_code == 404
        assert (await bob.get(HERE)).status_code == 403
        boss = await it.as_("ada")  # sees every room, and has no grant there
        assert (await boss.get(HERE)).status_code == 403
        assert f'href="{HERE}"' not in (await bob.get("/rooms/oslo")).text


@asynccontextmanager
async def browsing(it, reader, path, **headers):
    """A page that is on its way: what has come of it so far, message by message, and its connection's task."""
    came: asyncio.Queue = asyncio.Queue()

    async def told(scope, receive, send):
        async def tell(message):
            came.put_nowait(message)
            await send(message)

        await it.app(scope, receive, tell)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(told), base_url="https://hub") as http:
        task = asyncio.create_task(http.get(path, headers={**reader.headers, "Accept": "text/html", **headers}))
        try:
            yield came, task
        finally:
            task.cancel()


async def test_the_head_is_on_its_way_before_the_device_answers_and_the_list_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "READ_S", 3600.0)  # whoever waits for it first comes too late
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        device = settled(site)
        bob = await person(it, *ENOUGH)
        site.silent = True
        async with browsing(it, bob, f"{HERE}?group=Audio") as (came, page):
            async with asyncio.timeout(60):
                start, head = await came.get(), await came.get()
            assert start["status"] == 200
            assert re.search(rb"rel=.stylesheet.*<h1>", head["body"], re.DOTALL)
            assert b"DefaultVolume" not in head["body"]
            assert (await bob.get("/access")).status_code == 200  # another page does not wait
            assert (device.reads, page.done(), came.empty()) == (0, False, True)
            await site._answer(site.orders[-1])
            assert 'name="v:Audio/DefaultVolume"' in (await page).text


@pytest.mark.parametrize(
    ("outcome", "words_of_it", "status"),
    [
        (Outcome("", "failed", rule="device.gone", words="It <went> away."), "It &lt;went&gt; away.", 409),
        (Outcome("", "refused", rule="policy", words="Not from outside."), "Not from outside.", 403),
    ],
)
async def test_what_fails_behind_the_head_is_told_in_the_page(
    tmp_path: Path, outcome: Outcome, words_of_it: str, status: int
) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        settled(site)
        bob = await person(it, *ENOUGH)
        site.answers["Configuration"], site.silent = outcome, True
        async with browsing(it, bob, HERE) as (came, page):
            await came.get(), await came.get()
            await site._answer(site.orders[-1])
            told = await page
            assert f"could not be read {words_of_it}" in words(told)
            assert (told.status_code, "v:Audio" in told.text) == (200, False)
            assert told.text.rstrip().endswith("</html>")
        async with browsing(it, bob, HERE, **{"X-Look": "1"}) as (came, page):
            before = len(site.orders)
            await until(lambda: len(site.orders) > before, 60)
            await bob.get("/access")  # a head would be here by now
            assert came.empty()
            await site._answer(site.orders[-1])
            assert (await page).status_code == status  # a script goes by it


async def test_a_fault_of_ours_behind_the_head_is_logged_and_says_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        settled(site)
        bob = await person(it, *ENOUGH)
        monkeypatch.setattr(view, "build_list", lambda *_, **__: 1 // 0)
        told = await bob.get(HERE)
        assert "division" not in told.text
        assert "Something failed here; it was noted." in words(told)


async def test_without_a_connector_the_page_is_refused_with_its_status(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.hub.rooms("oslo")
        bob = await person(it, *ENOUGH)
        assert (await bob.get(HERE)).status_code == 503


async def test_whoever_is_cut_off_while_the_device_thinks_sees_nothing_of_it(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        settled(site)
        bob = await person(it, *ENOUGH)
        site.silent = True
        async with browsing(it, bob, f"{HERE}?group=Audio") as (came, page):
            await came.get(), await came.get()
            (record,) = await it.hub.parts.grants.of_room("oslo")
            await it.hub.parts.grants.end(record.grant.id, it.hub.admin)
            await site._answer(site.orders[-1])
            assert "DefaultVolume" not in (await page).text


async def test_a_member_of_a_list_that_no_product_has_is_shown_and_not_changed(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = settled(await it.connect("oslo"))
        site.put("Configuration/Audio/Input/Microphone/99/Mode", "On")
        bob = await person(it, *ENOUGH)
        page = (await bob.get(f"{HERE}?q=microphone")).text
        assert "v:Audio/Input/Microphone/2/Mode" in page
        assert "v:Audio/Input/Microphone/99/Mode" not in page
        assert "It cannot be changed from here" in page
