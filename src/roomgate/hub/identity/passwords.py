"""Passwords: argon2id, a bounded number at once, in threads of its own; and what is no password at all.

There are two lanes, each a thread and a bounded queue, since one hash takes every core by itself: one for whoever
is known already, one for all others. A flood from strangers fills theirs, and nobody waits behind it in the other.
"""

import asyncio
import contextlib
import os
import secrets
import threading
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from roomgate.errors import BadInput, RoomgateError

P = ParamSpec("P")
T = TypeVar("T")
SHORTEST = 12
LONGEST = 256
_MOST_WAITING = 16  # in each lane
_NICE = 10


class Busy(RoomgateError):
    """More sign-ins wait than are worked on; this one was not looked at."""

    code = "signin.busy"
    hint = "Try again in a few seconds."


@dataclass(frozen=True, slots=True)
class Argon2:
    """The cost of one hash. The defaults take about 0.2 s on two cores; tests choose less."""

    time_cost: int = 3
    memory_kib: int = 65536
    parallelism: int = 4


@cache
def commonest() -> frozenset[str]:
    """The commonest passwords of twelve characters or more, which are refused."""
    text = resources.files("roomgate.hub.identity").joinpath("commonest.txt").read_text("utf-8")
    return frozenset(line.strip().casefold() for line in text.splitlines() if line.strip())


def check_new(password: str, name: str) -> str:
    """A password as it is hashed (NFKC); raises BadInput for a short, common or too telling one."""
    password = unicodedata.normalize("NFKC", password)
    plain = password.casefold()
    if len(password) < SHORTEST:
        raise BadInput(f"A password has at least {SHORTEST} characters.", hint="Four unrelated words make a good one.")
    if len(password) > LONGEST:
        raise BadInput(f"A password has at most {LONGEST} characters.")
    if plain in commonest() or len(set(plain)) < 4:
        raise BadInput("This is one of the commonest passwords.", hint="Four unrelated words make a good one.")
    if len(name) >= 4 and plain.replace(name.casefold(), "") == plain[: -len(name)]:
        raise BadInput("A password does not end with the person's own name.")
    return password


def _step_back() -> None:
    """Hashing gives way to the event loop: a flood of sign-ins must not take its share of the processor.

    Linux keeps a priority for each thread, and the lanes that argon2 starts inherit it. Elsewhere nothing happens.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


class _Lane:
    """One hash at a time, and a bounded number that wait for it."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(1, thread_name_prefix="argon2", initializer=_step_back)
        self._waiting = 0

    def require_room(self) -> None:
        if self._waiting >= _MOST_WAITING:
            raise Busy("Too many sign-ins wait.")

    async def run(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        self.require_room()
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, partial(work, *arguments, **named))
        finally:
            self._waiting -= 1


def _hash_of_nobody(hasher: PasswordHasher) -> str:
    """As much work to verify as anybody's, and no password is known to fit: it was drawn, not computed.

    (To compute one would cost each start of the hub what a sign-in costs.)
    """
    salt, digest = (
        b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${digest}"


class Passwords:
    """Hashes and verifies. An account that does not exist costs the same as one that does.

    ``known`` chooses the lane. It must not hang on the name that is tried: how long it took would tell.
    """

    def __init__(self, cost: Argon2) -> None:
        self._hasher = PasswordHasher(cost.time_cost, cost.memory_kib, cost.parallelism)
        self._lanes = {known: _Lane() for known in (False, True)}
        self._nobody = _hash_of_nobody(self._hasher)

    async def hash(self, password: str) -> str:
        """For somebody who is signed in. Raises Busy when too many wait."""
        return await self._lanes[True].run(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str, *, known: bool = False) -> bool:
        """Whether it is the password; without a stored one, no, after the same work. Raises Busy."""
        given = unicodedata.normalize("NFKC", password)[:LONGEST]
        right = await self._lanes[known].run(self._verify, stored or self._nobody, given)
        return right and stored is not None

    def require_room(self, *, known: bool = False) -> None:
        """Raises Busy where one more would be refused: said before anything else is done for it."""
        self._lanes[known].require_room()

    def close(self) -> None:
        for lane in self._lanes.values():
            lane.threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
