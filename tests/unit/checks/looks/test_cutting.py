"""The look at what ends when access ends: what it opens, what it asks for, what it undoes, and what it goes on with."""

import asyncio

import httpx
import pytest

from roomgate.checks.cuts import Verdict, cuts_of, verdict
from roomgate.checks.journal import Journal, Run, digest
from roomgate.checks.looks.causes import SAY
from roomgate.checks.looks.cutting import LOOK
from roomgate.checks.looks.undoing import UNDO
from roomgate.checks.snapshot import Act, Exchange, Fact, Frame
from support.checks import ONE, looked, target_of
from support.cut_target import DOWNLOAD, EVENTS, HEAD, LIVE, NAME, SOCKET, Site, cause

LINK = (
    '\n[[links]]\nname = "the link"\nurl = "https://target.example/d/abc123"\nmarker = "room-4711"\naccount = "ada"\n'
)


class Hand:
    """A tester who does what is asked, or does not."""

    def __init__(self, do):
        self.said = []
        self._do = do

    async def please(self, what):
        self.said.append(what)
        self._do(what)

    async def choose(self, question, answers):
        raise AssertionError(question)

    async def type(self, question):
        raise AssertionError(question)


async def look(folder, site, text, **more):
    snapshots = await looked(
        folder, site.answer, text, only=["K30"], time=site.time, open_socket=site.open_socket, **more
    )
    return snapshots["cutting"]


def verdicts(snapshot):
    return {cut.channel: verdict(cut) for cut, _ in cuts_of(snapshot)}


@pytest.mark.asyncio
async def test_everything_is_opened_cut_and_put_back(tmp_path):
    site = Site()
    snapshot = await look(tmp_path, site, HEAD + NAME + LIVE + cause("deleted"))
    assert site.done == ["deleted", "undo deleted"]
    assert set(verdicts(snapshot)) == {"name", "socket", "events", "poll", "download", "a new sign-in"}
    assert set(verdicts(snapshot).values()) == {Verdict.CUT}
    assert [act.name for act in snapshot.of(Act)] == ["deleted", "deleted: undone"]


@pytest.mark.asyncio
async def test_a_channel_that_never_served_proves_nothing(tmp_path):
    text = HEAD + NAME.replace("room-4711", "something else") + cause("deleted")
    site = Site()
    snapshot = await look(tmp_path, site, text)
    assert verdicts(snapshot) == {"name": Verdict.UNDECIDED}
    assert site.done == []  # nothing is changed for nothing


@pytest.mark.asyncio
async def test_an_account_that_is_not_let_in_is_told_and_nothing_is_changed(tmp_path):
    site = Site()
    snapshot = await look(tmp_path, site, (HEAD + NAME + cause("deleted")).replace("correct horse", "wrong horse"))
    (cut, _), *_ = cuts_of(snapshot)
    assert (cut.proven, site.done) == (False, [])
    assert "not let in" in cut.why


@pytest.mark.asyncio
@pytest.mark.parametrize(("after", "expected"), [(401, Verdict.CUT), (302, Verdict.CUT), (503, Verdict.UNDECIDED)])
async def test_what_the_answer_is_afterwards_decides(tmp_path, after, expected):
    snapshot = await look(tmp_path, Site(after=after), HEAD + NAME + cause("deleted"))
    assert verdicts(snapshot)["name"] is expected


@pytest.mark.asyncio
async def test_a_connector_whose_device_shuts_it_out_may_say_so_with_a_503(tmp_path):
    snapshot = await look(tmp_path, Site(after=503), HEAD + NAME + cause("device-password"))
    assert verdicts(snapshot)["name"] is Verdict.CUT


@pytest.mark.asyncio
async def test_slow_cuts_are_timed_to_a_quarter_of_a_second(tmp_path):
    snapshot = await look(tmp_path, Site(slow_s=8.0), HEAD + NAME + SOCKET + EVENTS + cause("deleted"))
    measured = {cut.channel: cut.latency_s for cut, _ in cuts_of(snapshot) if not cut.anew}
    assert set(measured) == {"name", "socket", "events"}
    assert all(6.9 <= seconds <= 8.25 for seconds in measured.values()), measured


@pytest.mark.asyncio
async def test_a_socket_that_stays_open_and_silent_counts_as_cut(tmp_path):
    snapshot = await look(tmp_path, Site(silent=True), HEAD + SOCKET + cause("deleted"))
    (cut, _) = next(pair for pair in cuts_of(snapshot) if pair[0].channel == "socket")
    assert verdict(cut) is Verdict.CUT
    assert "silent" in cut.how


@pytest.mark.asyncio
async def test_a_socket_without_anything_to_send_that_falls_silent_is_undecided(tmp_path):
    class Greets(Site):
        async def open_socket(self, url, headers, subprotocols):
            socket = await super().open_socket(url, headers, subprotocols)
            await socket.send("")
            return socket

    text = HEAD + SOCKET.replace('send = \'{"get": "name"}\'\n', "") + cause("deleted")
    snapshot = await look(tmp_path, Greets(silent=True), text)
    assert verdicts(snapshot)["socket"] is Verdict.UNDECIDED


@pytest.mark.asyncio
async def test_a_download_that_is_over_before_is_no_proof(tmp_path):
    class Short(Site):
        async def answer(self, request):
            if request.url.path == "/download":
                return httpx.Response(200, content=b"x" * 100)
            return await super().answer(request)

    snapshot = await look(tmp_path, Short(), HEAD + NAME + DOWNLOAD + cause("deleted"))
    assert verdicts(snapshot)["download"] is Verdict.UNDECIDED
    assert verdicts(snapshot)["name"] is Verdict.CUT


@pytest.mark.asyncio
async def test_the_link_alone_is_tried_where_it_opened_alone(tmp_path):
    class Linked(Site):
        shut = False

        async def answer(self, request):
            if request.url.path.startswith("/d/"):
                dead = self.shut and self.cut_at is not None
                return httpx.Response(404 if dead else 200, text="" if dead else "<h1>room-4711</h1>")
            return await super().answer(request)

    text = HEAD + NAME + LINK + cause("deleted")
    site = Linked()
    assert verdicts(await look(tmp_path / "open", site, text))["the link alone"] is Verdict.NEVER
    site = Linked()
    site.shut = True
    assert verdicts(await look(tmp_path / "shut", site, text))["the link alone"] is Verdict.CUT


@pytest.mark.asyncio
async def test_a_page_that_anybody_gets_proves_nothing_without_a_marker(tmp_path):
    class Shell(Site):
        async def answer(self, request):
            if request.url.path.startswith("/d/"):
                return httpx.Response(200, text="<div id=app></div>")
            return await super().answer(request)

    text = HEAD + LINK.replace('marker = "room-4711"\n', "") + cause("deleted")
    snapshot = await look(tmp_path, Shell(), text)
    assert verdicts(snapshot) == {"the link": Verdict.UNDECIDED}


@pytest.mark.asyncio
async def test_a_sign_out_that_only_drops_the_cookie_is_not_taken_for_one(tmp_path):
    class Forgetful(Site):
        async def answer(self, request):
            if request.url.path.startswith("/do/"):
                assert "sid=" in request.headers.get("cookie", "")  # from the very browser that is watched
                return httpx.Response(200, headers={"set-cookie": "sid=; Max-Age=0; Path=/"})
            return await super().answer(request)

    text = (
        HEAD
        + NAME
        + cause("signed-out").replace(
            'deed.request.method = "POST"', 'deed.request.method = "POST"\ndeed.request.account = "ada"'
        )
    )
    assert verdicts(await look(tmp_path, Forgetful(), text)) == {"name": Verdict.NEVER}


@pytest.mark.asyncio
async def test_a_sign_in_page_with_200_is_a_refusal(tmp_path):
    class Polite(Site):
        async def answer(self, request):
            answer = await super().answer(request)
            if answer.status_code == 401 and self.cut_at is not None and request.url.path == "/name":
                return httpx.Response(200, text="room-4711: please sign in <input type=password name=p>")
            return answer

    assert verdicts(await look(tmp_path, Polite(), HEAD + NAME + cause("deleted")))["name"] is Verdict.CUT


@pytest.mark.asyncio
async def test_another_form_of_answer_is_unclear_where_the_file_says_nothing(tmp_path):
    class Vague(Site):
        async def answer(self, request):
            answer = await super().answer(request)
            if answer.status_code == 401 and self.cut_at is not None and request.url.path == "/name":
                return httpx.Response(200, json={"sorry": "no"})
            return answer

    text = HEAD + NAME.replace('expects = "room-4711"\n', "") + cause("deleted")
    assert verdicts(await look(tmp_path, Vague(), text))["name"] is Verdict.UNDECIDED


@pytest.mark.asyncio
async def test_what_a_stranger_is_answered_is_a_refusal_whatever_its_status(tmp_path):
    class Soft(Site):
        """An API that answers 200 to everybody, and says in the body what it thinks."""

        async def answer(self, request):
            answer = await super().answer(request)
            return httpx.Response(200, json={"error": "who?"}) if answer.status_code == 401 else answer

    text = HEAD + NAME.replace('expects = "room-4711"\n', "") + cause("disabled")
    assert verdicts(await look(tmp_path / "sound", Soft(), text))["name"] is Verdict.CUT
    assert verdicts(await look(tmp_path / "flawed", Soft(requests=["disabled"]), text))["name"] is Verdict.NEVER


@pytest.mark.asyncio
async def test_a_link_that_opens_alone_is_not_held_against_a_sign_out(tmp_path):
    class Public(Site):
        async def answer(self, request):
            if request.url.path.startswith("/d/"):
                return httpx.Response(200, text="<h1>room-4711</h1>")
            return await super().answer(request)

    assert verdicts(await look(tmp_path, Public(), HEAD + NAME + LINK + cause("signed-out"))) == {"name": Verdict.CUT}


@pytest.mark.asyncio
async def test_by_hand_in_clear_words_and_put_back_by_hand(tmp_path):
    site = Site()
    hand = Hand(lambda what: site.undo("deleted") if "put this back" in what else site.do("deleted"))
    snapshot = await look(tmp_path, site, HEAD + NAME + cause("deleted", deed=False), voice=hand)
    assert hand.said == [SAY["deleted"].format(name="ada"), UNDO.format(deed=SAY["deleted"]).format(name="ada")]
    assert verdicts(snapshot)["name"] is Verdict.CUT


@pytest.mark.asyncio
async def test_nobody_to_ask_is_undecided_and_other_causes_go_on(tmp_path):
    site = Site()
    snapshot = await look(tmp_path, site, HEAD + NAME + cause("deleted", deed=False) + cause("disabled"))
    found = {(cut.cause, cut.channel): verdict(cut) for cut, _ in cuts_of(snapshot)}
    assert found["deleted", "name"] is Verdict.UNDECIDED
    assert found["disabled", "name"] is Verdict.CUT


@pytest.mark.asyncio
async def test_what_is_not_put_back_is_told_loudly(tmp_path):
    class Stuck(Site):
        async def answer(self, request):
            if request.url.path.startswith("/undo/"):
                return httpx.Response(500)
            return await super().answer(request)

    snapshot = await look(tmp_path, Stuck(), HEAD + NAME + cause("deleted"))
    (told,) = [fact for fact in snapshot.of(Fact) if fact.name == "not-undone"]
    assert told.fault


@pytest.mark.asyncio
async def test_stopped_in_the_middle_it_puts_back_and_goes_on_with_the_next(tmp_path):
    site = Site(requests=["disabled"])
    text = HEAD + NAME + cause("deleted") + cause("disabled")
    real, asked = site.answer, 0

    async def stopped():
        async with asyncio.timeout(None) as limit:

            async def answer(request):
                nonlocal asked
                asked += site.kind == "disabled" and request.url.path == "/name"
                if asked == 5 and request.url.path == "/name":
                    limit.reschedule(0)
                return await real(request)

            site.answer = answer
            await look(tmp_path, site, text)

    with pytest.raises(TimeoutError):
        await stopped()
    assert site.done == ["deleted", "undo deleted", "disabled", "undo disabled"]
    site.answer = real
    snapshot = await look(tmp_path, site, text)
    assert site.done[4:] == ["disabled", "undo disabled"]  # what was seen whole is not done twice
    found = {(cut.cause, cut.channel): verdict(cut) for cut, _ in cuts_of(snapshot)}
    assert (found["deleted", "name"], found["disabled", "name"]) == (Verdict.CUT, Verdict.NEVER)


@pytest.mark.asyncio
async def test_killed_between_deed_and_undoing_the_next_run_puts_it_back_first(tmp_path):
    site = Site()
    text = HEAD + NAME + cause("deleted")
    journal = Journal(tmp_path)
    journal.open(Run(target="A target", target_sha256=digest(text), began="", tier=2, only=("K30",)))
    _, steps = journal.begin("cutting")
    steps.keep(Act(label="deleted", t=1, at="", name="deleted", how="request"))
    steps.close()
    await look(tmp_path, site, text)
    assert site.done == ["undo deleted", "deleted", "undo deleted"]


@pytest.mark.asyncio
async def test_thousands_of_answers_do_not_fill_the_snapshot(tmp_path):
    site = Site(requests=["deleted"], live=["deleted"])
    snapshot = await look(tmp_path, site, HEAD + NAME + LIVE + cause("deleted", ""))
    assert site.asked.count("/name") > 200
    assert len(snapshot.of(Exchange)) < 40
    assert len(snapshot.of(Frame)) < 400
    (cut, _) = next(pair for pair in cuts_of(snapshot) if pair[0].channel == "name")
    assert cut.served > 200


@pytest.mark.asyncio
async def test_it_is_asked_four_times_a_second_and_not_more(tmp_path):
    site = Site(requests=["deleted"])
    snapshot = await look(tmp_path, site, HEAD + NAME + cause("deleted"))
    (cut, _) = next(pair for pair in cuts_of(snapshot) if pair[0].channel == "name")
    assert 78 <= cut.asked <= 84


@pytest.mark.asyncio
async def test_progress_says_how_far_it_is(tmp_path):
    from roomgate.checks.catalogue import all_checks
    from roomgate.checks.declared import Tier
    from roomgate.checks.run import Around, Wish, run

    said = []
    site = Site(live=["deleted"])
    text = HEAD + NAME + SOCKET + cause("deleted")

    async def found(host):
        return ["192.0.2.1"]

    around = Around(
        site.time, None, lambda: httpx.MockTransport(site.answer), found,
        lambda look, what, part: said.append((what, part)), site.open_socket,
    )  # fmt: skip
    await run(target_of(text), text, all_checks(), Wish(Tier.SITE, ("K30",)), Journal(tmp_path), around)
    assert any("of 20 s, 1 of 2 channels cut" in what for what, _ in said)
    assert all(0.0 <= part <= 1.0 for _, part in said)


@pytest.mark.asyncio
async def test_stopped_while_a_person_is_asked_it_says_what_may_have_to_be_put_back(tmp_path):
    class Waits(Hand):
        async def please(self, what):
            self.said.append(what)
            await asyncio.get_running_loop().create_future()

    site, hand = Site(), Waits(None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await look(tmp_path, site, HEAD + NAME + cause("deleted", deed=False), voice=hand)
    assert len(hand.said) == 1
    earlier, steps = Journal(tmp_path).begin("cutting")
    steps.close()
    (told,) = [step for step in earlier if isinstance(step, Fact) and step.name == "not-undone"]
    assert "delete the account ada" in told.value


@pytest.mark.asyncio
@pytest.mark.parametrize(("outlives", "expected"), [(True, Verdict.NEVER), (False, Verdict.CUT)])
async def test_a_link_that_needs_nobody_to_sign_in(tmp_path, outlives, expected):
    class Bare(Site):
        async def answer(self, request):
            if request.url.path.startswith("/d/"):
                dead = self.cut_at is not None and not outlives
                return httpx.Response(200, text="<h1>This link is dead</h1>" if dead else "<h1>room-4711</h1>")
            return await super().answer(request)

    text = (
        HEAD
        + LINK.replace('account = "ada"\n', "")
        + cause("admin-password").replace('account = "ada"', 'link = "the link"')
    )
    assert verdicts(await look(tmp_path, Bare(), text)) == {"the link": expected}


def test_a_file_without_causes_or_channels_is_told_what_it_lacks():
    assert "[[causes]]" in LOOK.needs(target_of(ONE))
    assert "[[channels]]" in LOOK.needs(target_of(HEAD + cause("deleted")))
    assert LOOK.needs(target_of(HEAD + NAME + cause("deleted"))) == ""


@pytest.mark.asyncio
@pytest.mark.parametrize(("kind", "expected"), [("signed-out", Verdict.CUT), ("disabled", Verdict.UNDECIDED)])
async def test_a_sign_out_may_lead_to_the_sign_in_page_and_nothing_else_may(tmp_path, kind, expected):
    class Leads(Site):
        async def answer(self, request):
            if request.url.path == "/login":
                return httpx.Response(200, text="<form><input type=password name=word></form>")
            answer = await super().answer(request)
            if request.url.path.startswith("/do/"):
                return httpx.Response(303, headers={"location": "/login"})
            return answer

    snapshot = await look(tmp_path, Leads(), HEAD + NAME + cause(kind))
    assert verdicts(snapshot)["name"] is expected
