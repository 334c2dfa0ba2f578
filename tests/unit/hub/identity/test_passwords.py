import asyncio

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from roomgate.errors import BadInput
from roomgate.hub.identity.passwords import Argon2, Busy, Passwords, check_new, commonest

CHEAP = Argon2(1, 8, 1)


@pytest.mark.parametrize(
    "password",
    ["short", "elevenchars", "PasswordPassword", "qwertyuiop12", "aaaaaaaaaaaaaaa", "x" * 257, "ada-is-greatguest"],
)
def test_a_weak_one_is_refused(password: str) -> None:
    with pytest.raises(BadInput):
        check_new(password, "guest")


def test_a_good_one_is_taken_in_one_spelling() -> None:
    assert check_new("four unrelated wordﬁsh", "guest") == "four unrelated wordfish"
    assert all(len(one) >= 12 for one in commonest())


@pytest.mark.asyncio
async def test_only_the_password_itself_verifies() -> None:
    passwords = Passwords(CHEAP)
    try:
        stored = await passwords.hash("four unrelated words")
        assert stored.startswith("$argon2id$")
        assert await passwords.verify(stored, "four unrelated words")
        assert not await passwords.verify(stored, "four unrelated word")
        assert not await passwords.verify(None, "nobody has this password")
        assert not await passwords.verify("rubbish", "rubbish")
    finally:
        passwords.close()


def test_nobodys_hash_is_as_much_work_as_anybodys_and_really_looked_at() -> None:
    passwords = Passwords(CHEAP)
    hasher = PasswordHasher(CHEAP.time_cost, CHEAP.memory_kib, CHEAP.parallelism)
    try:
        assert extract_parameters(passwords._nobody) == extract_parameters(hasher.hash("anybody's password"))
        with pytest.raises(VerifyMismatchError):  # and not: that is no hash, which would cost nothing
            hasher.verify(passwords._nobody, "anybody's password")
    finally:
        passwords.close()


@pytest.mark.asyncio
async def test_a_flood_is_turned_away() -> None:
    passwords = Passwords(CHEAP)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_tried(passwords)) for _ in range(100)]
        said = [task.result() for task in tasks]
        assert 0 < said.count("busy") < 100
    finally:
        passwords.close()


@pytest.mark.asyncio
async def test_a_flood_of_strangers_leaves_room_for_those_who_are_known() -> None:
    passwords = Passwords(CHEAP)
    try:
        async with asyncio.TaskGroup() as group:
            strangers = [group.create_task(_tried(passwords)) for _ in range(100)]
            known = [group.create_task(_tried(passwords, known=True)) for _ in range(10)]
        assert [one.result() for one in strangers].count("busy") > 0
        assert {one.result() for one in known} == {"done"}
    finally:
        passwords.close()


async def _tried(passwords: Passwords, known: bool = False) -> str:
    try:
        await passwords.verify(None, "x", known=known)
    except Busy:
        return "busy"
    return "done"


@pytest.mark.asyncio
async def test_hashing_gives_way_to_everything_else() -> None:
    import os

    passwords = Passwords(Argon2(1, 8, 1))
    try:
        theirs = await passwords._lanes[True].run(os.getpriority, os.PRIO_PROCESS, 0)  # of the thread that asks
        assert theirs > os.getpriority(os.PRIO_PROCESS, 0)
    finally:
        passwords.close()
