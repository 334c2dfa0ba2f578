"""Links: counters, short codes, names, times and hashes are told from what is long and shares nothing."""

import httpx
import pytest

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k15_guessable_links import CHECK, MILDER
from support.checks import AUTHORISED, judged

HEAD = f'[target]\nname = "A target"\nurls = ["https://target.example/"]\n\n{AUTHORISED}\n'
ACCOUNT = '\n[[accounts]]\nname = "ana"\ntoken = "a-token-of-ana-0123456789"\n'
STRONG = ["9b1f04c7d2e85a6330fc71be94d2a857", "41e7ac09b3d65f28c8a00e9d7f3b1642", "e2057dbb618c4f93a7d41920c63efb85"]
PAGE = "<html><h1>Room 4711</h1><p>Volume 50</p></html>"


def toml(parts, *, account: bool = False, more: str = "") -> str:
    tables = [
        f'[[links]]\nurl = "https://target.example/d/{part}"\nmarker = "Room 4711"\n'
        + ('account = "ana"\n' if account else "")
        for part in parts
    ]
    return HEAD + "\n".join(tables) + (ACCOUNT if account else "") + more


def answering(parts, *, alone: bool):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.removeprefix("/d/") not in parts:
            return httpx.Response(404)
        if not alone and "authorization" not in request.headers:
            return httpx.Response(401)
        return httpx.Response(200, headers={"content-type": "text/html"}, text=PAGE)

    return answer


async def of(folder, parts, *, alone: bool, more: str = "", dead: bool = False):
    answer = answering([] if dead else parts, alone=alone)
    found = await judged(folder, answer, toml(parts, account=not alone, more=more), only=["K15"])
    return found["K15"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "parts",
    [
        ["7f3a91"],
        ["boardroom-4711"],
        ["1001", "1002", "1003"],
        ["d41d8cd98f00b204-000001", "d41d8cd98f00b204-000002", "d41d8cd98f00b204-000003"],
        ["c4ca4238a0b923820dcc509a6f75849b"],  # md5 of 1
        ["1764190000"],
        ["cm9vbS00NzEx"],  # base64 of room-4711
        ["25ec8a52-e9e8-11f1-abf7-02fc00000001"],
        ["9b1f04c7d2e85a63000000000001", "9b1f04c7d2e85a6300000000a4c1", "9b1f04c7d2e85a630000000bb302"],
    ],
)
async def test_what_is_guessed_and_opens_by_itself_fails(tmp_path, parts):
    found = await of(tmp_path, parts, alone=True)
    assert (found.outcome, found.vector) == (Outcome.FAIL, CHECK.vector), found.says


@pytest.mark.asyncio
async def test_long_ones_that_share_nothing_pass(tmp_path):
    assert (await of(tmp_path, STRONG, alone=True)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_version_four_uuids_pass_and_are_told(tmp_path):
    parts = [f"{one[:8]}-{one[8:12]}-4{one[13:16]}-a{one[17:20]}-{one[20:]}" for one in STRONG]
    found = await of(tmp_path, parts, alone=True)
    assert found.outcome is Outcome.PASS
    assert any("version 4" in point.what for point in found.points)


@pytest.mark.asyncio
async def test_one_or_two_long_ones_show_too_little(tmp_path):
    found = await of(tmp_path, STRONG[:2], alone=True)
    assert (found.outcome, "3 or more" in found.says) == (Outcome.INCONCLUSIVE, True)


@pytest.mark.asyncio
async def test_names_are_sound_where_a_sign_in_is_needed(tmp_path):
    found = await of(tmp_path, ["boardroom-berlin", "room-4711", "huddle-2", "studio"], alone=False)
    assert found.outcome is Outcome.PASS, found.says


@pytest.mark.asyncio
@pytest.mark.parametrize("parts", [["1001", "1002", "1003"], ["7f3a91", "0bc412", "e55a07"]])
async def test_codes_behind_a_sign_in_are_milder_unless_the_owner_says_they_are_ids(tmp_path, parts):
    found = await of(tmp_path / "a", parts, alone=False)
    assert (found.outcome, found.vector) == (Outcome.FAIL, MILDER)
    assert (await of(tmp_path / "b", parts, alone=False, more="\n[K15]\nnames = true\n")).outcome is Outcome.PASS
    assert (await of(tmp_path / "c", parts[:2], alone=False)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_ids_that_nobody_goes_through_are_sound_behind_a_sign_in(tmp_path):
    parts = [f"25ec8a{n}2-e9e8-11f1-abf7-02fc00000001" for n in range(3)]
    assert (await of(tmp_path, parts, alone=False)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_dead_links_prove_nothing(tmp_path):
    assert (await of(tmp_path / "a", STRONG, alone=False, dead=True)).outcome is Outcome.INCONCLUSIVE
    assert (await of(tmp_path / "b", ["boardroom"], alone=True, dead=True)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_without_links_nothing_is_said(tmp_path):
    found = await judged(tmp_path, answering([], alone=True), HEAD, only=["K15"])
    assert found["K15"].outcome is Outcome.INCONCLUSIVE
