import pytest

from roomgate.connector import effects as module
from roomgate.connector.camera import View
from roomgate.connector.effects import UNSEEN, Effects, effect_of, intent_of
from roomgate.link.order import Order
from roomgate.storage.database import Database
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue
from support.waiting import until

CATALOGUE = Catalogue.shipped()


def order() -> Order:
    return Order(
        id="ord_1", link=b"n" * 16, sequence=1, session="ses_1", site="s", connector="c", room="oslo", device="dev_1",
        verb="command", path=[], arguments=[], body=None, digest="", principal="per_1", principal_name="Ada",
        principal_kind="person", grant="grant_1", reason="", held=[],
    )  # fmt: skip


def begun(name: str, result: object = None, **arguments: object):
    call = CATALOGUE.canonical(Verb.COMMAND, "Command/" + name.replace(" ", "/"), arguments)
    intent = intent_of(order(), call)
    return effect_of(intent, result) if intent else None


def nothing(conn):
    return None


@pytest.mark.parametrize(
    ("result", "id"), [({"CallId": 12}, 12), ({"CallId": "12"}, 12), ({}, 0), (None, 0), ({"CallId": "x"}, 0)]
)
def test_a_dial_leaves_a_call_that_is_hung_up_by_its_id(result: object, id: int) -> None:
    effect = begun("Dial", result, Number="a@example.com")
    undo = effect.undo(CATALOGUE)
    assert (str(undo.path), undo.argument("CallId")) == ("Command/Call/Disconnect", id)


@pytest.mark.parametrize(
    ("name", "undo"),
    [
        ("Audio Microphones Unmute", "Command/Audio/Microphones/Mute"),
        ("Video Input MainVideo Unmute", "Command/Video/Input/MainVideo/Mute"),
        ("Presentation Start", "Command/Presentation/Stop"),
        ("Audio VuMeter Start", "Command/Audio/VuMeter/StopAll"),
        ("Conference Recording Start", "Command/Conference/Recording/Stop"),
    ],
)
def test_what_lasts_has_a_command_that_ends_it(name: str, undo: str) -> None:
    needed = {"Audio VuMeter Start": {"ConnectorId": 1, "ConnectorType": "Microphone"}}.get(name, {})
    assert str(begun(name, **needed).undo(CATALOGUE).path) == undo


def test_a_moved_camera_is_brought_back_to_where_it_looked() -> None:
    call = CATALOGUE.canonical(Verb.COMMAND, "Command/Camera/Preset/Activate", {"PresetId": 3})
    effect = intent_of(order(), call, (View(1, -5, 6, 7),))
    assert effect is not None
    assert (effect.what, [str(undo) for undo in effect.undos(CATALOGUE)]) == (
        "camera", ["Command/Camera/PositionSet CameraId=1 Pan=-5 Tilt=6 Zoom=7"],
    )  # fmt: skip
    assert intent_of(order(), call) is None  # where it looked is not known


@pytest.mark.parametrize("name", ["Audio Volume Mute", "Standby Activate", "Call Disconnect", "Bookings List"])
def test_what_leaves_nothing_behind_is_no_effect(name: str) -> None:
    assert begun(name) is None


@pytest.mark.parametrize("name", ["Call Accept", "Call Resume"])
def test_a_call_that_was_answered_from_outside_is_an_effect_too(name: str) -> None:
    assert begun(name, {"status": "OK"}, CallId=9).undo(CATALOGUE).argument("CallId") == 9
    assert begun(name, {"status": "OK"}).undo(CATALOGUE).argument("CallId") == 0


@pytest.mark.asyncio
async def test_effects_are_known_after_a_restart(tmp_path) -> None:
    db = Database.open(tmp_path / "connector.db", module.metadata)
    book = await Effects.open(db)
    kept, gone = begun("Dial", {"CallId": 1}, Number="a@b.example"), begun("Dial", {"CallId": 2}, Number="a@b.example")
    await book.begin(kept, nothing)
    await book.begin(gone, nothing)
    await book.forget(gone)
    await db.aclose()

    db = Database.open(tmp_path / "connector.db", module.metadata)
    again = await Effects.open(db)
    assert again.all() == [kept]
    assert again.of_sessions(["ses_1"]) == again.of_device("dev_1") == [kept]
    assert again.of_sessions(["ses_2"]) == []
    assert again.lasting(kept)
    assert not again.lasting(gone)
    await db.aclose()


@pytest.mark.asyncio
async def test_what_could_not_be_forgotten_is_forgotten_with_the_next(tmp_path) -> None:
    db = Database.open(tmp_path / "x.db", again_s=0.01)
    await db.write(module.metadata.create_all)
    book = await Effects.open(db)
    one, two = begun("Dial", {"CallId": 1}, Number="a@b.c"), begun("Dial", {"CallId": 2}, Number="a@b.c")
    for effect in (one, two):
        await book.begin(effect, nothing)

    def fill(conn):
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar()
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        conn.exec_driver_sql("CREATE TABLE big AS SELECT zeroblob(100000) AS filling")

    db.write_soon(fill)
    await book.forget(one)
    assert book.all() == [two]
    assert len((await Effects.open(db)).all()) == 2
    await until(lambda: db.failed is None)
    await book.forget(two)
    assert (await Effects.open(db)).all() == []
    await db.aclose()


# ---- a call that may have been made ----------------------------------------------------------------


def dialled(number: str = "sip:A@example.com"):
    return intent_of(order(), CATALOGUE.canonical(Verb.COMMAND, "Command/Dial", {"Number": number}))


def call(id: int, number: str = "a@example.com", **more: object):
    return {"id": id, "RemoteNumber": number, "CallbackNumber": f"sip:{number}", "Direction": "Outgoing", **more}


@pytest.mark.parametrize(
    ("calls", "mine"),
    [
        ([], []),
        (None, []),
        ("rubbish", []),
        ([call(4)], [4]),
        ([call(4), call(9), call(5, "b@example.com")], [9, 4]),
        ([call(4, ghost="True")], []),
        ([call(4, Direction="Incoming")], []),
        ([{"id": 4}, "rubbish", {"RemoteNumber": "a@example.com"}], []),
    ],
)
def test_it_is_found_by_the_number_that_was_dialled(calls: object, mine: list[int]) -> None:
    assert dialled().call == UNSEEN
    assert dialled().among(calls) == mine


def test_once_seen_it_is_known_by_its_id_alone() -> None:
    seen = dialled().seen(4)
    assert not seen.unseen
    assert seen.among([call(4, "b@example.com"), call(9)]) == [4]
    assert (seen.what, seen.undo(CATALOGUE).argument("CallId")) == ("call 4", 4)


@pytest.mark.asyncio
async def test_what_may_last_is_written_in_one_commit_with_what_tells_of_it(tmp_path) -> None:
    db = Database.open(tmp_path / "x.db", again_s=3600)
    await db.write(module.metadata.create_all)
    book = await Effects.open(db)

    def spoilt(conn):
        raise LookupError("the entry could not be made")

    intent = dialled()
    with pytest.raises(LookupError):
        await book.begin(intent, spoilt)
    assert (await Effects.open(db)).all() == []

    await book.begin(intent, nothing)
    assert (await Effects.open(db)).all() == [intent]
    book.know(intent.seen(7))
    await db.write(nothing)
    assert (await Effects.open(db)).all() == [intent.seen(7)]
    book.forget_soon(intent)
    await db.write(nothing)
    assert (await Effects.open(db)).all() == book.all() == []
    await db.aclose()
