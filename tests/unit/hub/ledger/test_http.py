from base64 import b64decode
from pathlib import Path

import pytest

from roomgate.ledger.checkpoint import Checkpoint, Note
from roomgate.ledger.tree import leaf_hash, verify_inclusion
from support.api import api, pages

pytestmark = pytest.mark.asyncio


async def test_the_ledger_is_for_who_may_audit(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        await served.hub.person("guest")
        guest, nobody = await served.client("guest"), await served.client()
        for path in ("/ledger", "/ledger/0", "/ledger/checkpoint"):
            assert (await guest.get(path)).json()["code"] == "right.missing"
            assert (await nobody.get(path)).status_code == 401


async def test_pages_go_from_the_newest_to_the_first_and_keep_to_what_was_asked(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        await served.hub.rooms("oslo")
        await served.hub.person("guest")
        await served.hub.grant("guest", "oslo")
        admin = await served.client("ada")
        count = await served.hub.parts.record.size()
        assert [one["index"] for one in await pages(admin, "/ledger", 2)] == list(range(count - 1, -1, -1))
        for only, kinds in ((("kind", "site.added"), {"site.added"}), (("kind", "nothing"), set())):
            items = (await admin.get("/ledger", params=dict([only]))).json()["items"]
            assert {one["event"]["kind"] for one in items} == kinds


async def test_a_cursor_that_is_not_ours_is_refused_in_words(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        admin = await served.client("ada")
        for cursor in ("bm90IGEgbnVtYmVy", "LTE", "\N{SUPERSCRIPT TWO}", "wrLCsg", "OTk5" * 20):
            answer = await admin.get("/ledger", params={"cursor": cursor})
            assert (answer.status_code, answer.json()["code"]) == (400, "input.bad"), cursor


async def test_an_entry_is_proven_by_the_checkpoint_beside_it(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        admin = await served.client("ada")
        proven = (await admin.get("/ledger/1")).json()
        raw = b64decode(proven["raw"])
        assert leaf_hash(raw).hex() == proven["leaf"]
        signed = Checkpoint.parse(Note.parse(proven["checkpoint"]).text)
        path = [bytes.fromhex(step) for step in proven["path"]]
        verify_inclusion(leaf_hash(raw), 1, proven["size"], path, signed.root)
        assert signed.size == proven["size"]
        now = await admin.get("/ledger/checkpoint")
        assert now.headers["content-type"].startswith("text/plain")
        assert Checkpoint.parse(Note.parse(now.text).text).size == await served.hub.parts.record.size()
        for index in (10_000, 10**30, await served.hub.parts.record.size()):
            assert (await admin.get(f"/ledger/{index}")).status_code == 404
