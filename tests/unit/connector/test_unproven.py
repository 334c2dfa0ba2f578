"""What takes a change back is on the disk before it is made, and goes when it is proven."""

import pytest

from roomgate.access.offered import offered
from roomgate.connector.unproven import Unproven, change_of, metadata
from roomgate.storage.database import Database, StorageFailed
from roomgate.xapi.call import Verb
from support.rooms import MemoryRoom

pytestmark = pytest.mark.asyncio


def change(old=1400, new=1500):
    made, back = (offered().canonical(Verb.SET, "Configuration/Network/1/MTU", {"Value": v}) for v in (new, old))
    return change_of("ord_1", MemoryRoom(), made, back, privileged=True)


async def test_what_was_written_down_is_there_for_the_next_run_as_the_same_calls(tmp_path):
    db = Database.open(tmp_path / "c.db", metadata)
    try:
        book = await Unproven.open(db)
        await book.begin(change())
        [found] = (await Unproven.open(db)).all()
        assert found == change()
        assert [str(call) for call in (found.made, found.back)] == [
            "Configuration/Network/1/MTU Value=1500", "Configuration/Network/1/MTU Value=1400",
        ]  # fmt: skip
        assert (found.order, found.device, found.privileged) == ("ord_1", "dev_oslo", True)
        await book.forget(found)
        assert (book.all(), (await Unproven.open(db)).all()) == ([], [])
    finally:
        await db.aclose()


async def test_what_cannot_be_written_down_is_not_in_the_book_and_forgetting_never_fails(tmp_path):
    db = Database.open(tmp_path / "c.db", metadata)
    book = await Unproven.open(db)
    await book.begin(change())
    await db.aclose()
    with pytest.raises(StorageFailed):
        await (other := Unproven(db, {})).begin(change())
    assert other.all() == []
    await book.forget(change())
    assert book.all() == []
