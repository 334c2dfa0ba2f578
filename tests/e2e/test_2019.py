"""The seven attempts of 2019, real requests from outside: open on the wrong connector, refused on Roomgate."""

import pytest

from support.half_minutes import HalfMinutes
from support.world import in_world

pytestmark = in_world()


@pytest.mark.parametrize("name", ["F1", "F2", "F3", "F5", "F6"])
async def test_what_was_open_then_is_refused_now(half_minutes: HalfMinutes, name: str) -> None:
    then, now = await half_minutes.attempts.make(name)
    assert (then.outcome, now.outcome) == ("open", "refused"), (then.detail, now.detail)


async def test_a_link_alone_moves_no_device(half_minutes: HalfMinutes) -> None:
    """F1 in its parts: what the double lets anybody do, seen at its device; and the same with ours."""
    then, now = await half_minutes.attempts.make("F1")
    assert then.detail == "link alone: read the device, placed a call"
    assert now.detail == "link alone: not read, no call (401)"


async def test_our_sign_in_is_not_made_to_look_like_the_devices(half_minutes: HalfMinutes) -> None:
    then, now = await half_minutes.attempts.make("F6")
    assert then.detail.startswith("sign-in is 100% like the device's")
    assert "sign-in is" in now.detail


async def test_ours_has_a_record_with_proof_and_theirs_none(half_minutes: HalfMinutes) -> None:
    await half_minutes.attempts.make("F1")  # something to be on record
    then, now = await half_minutes.attempts.make("F7")
    assert (then.outcome, now.outcome) == ("no trace", "who, what, when, with proof")


async def test_a_password_changed_at_the_device_shuts_ours_and_not_theirs(half_minutes: HalfMinutes) -> None:
    """F4; the double is watched for the whole time that Roomgate promises for itself."""
    await half_minutes.over()
    then, now = half_minutes.f4.result()
    assert (then.outcome, now.outcome) == ("open", "refused"), (then.detail, now.detail)
    assert then.detail == "still open 31 s after the change at the device"
