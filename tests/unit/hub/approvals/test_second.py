"""Who is a second person, as they stand inside the unit."""

from pathlib import Path

import pytest

from roomgate.hub.approvals.second import require_second
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity.person import Forbidden
from support.hub import running

pytestmark = pytest.mark.asyncio


async def test_somebody_else_who_is_there_with_the_right(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        identity = hub.parts.identity
        await hub.person("kim", "administrator")
        await hub.person("ole", "security-officer")
        await hub.person("eve", "auditor")
        kim, ole, eve = [(await hub.token(name))[0] for name in ("kim", "ole", "eve")]
        request = await hub.parts.approvals.ask(
            kim, Wanted(person="", rooms=("oslo",), capabilities=("call",), minutes=5, reason="why not")
        )

        async def answers(who) -> bool:
            try:
                found = await hub.parts.db.read(lambda conn: require_second(identity, conn, request, who))
            except Forbidden:
                return False
            return found.person == await identity.get(who.person.id)

        assert [await answers(who) for who in (hub.admin, ole, eve, kim)] == [True, True, False, False]
        await identity.change_roles("eve", frozenset({"security-officer"}), hub.admin)
        await identity.change_roles("ole", frozenset(), hub.admin)
        assert [await answers(who) for who in (ole, eve)] == [False, True]  # the rights of now
        await identity.end_token(eve.principal.credential, eve)
        assert not await answers(eve)
