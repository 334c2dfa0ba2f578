"""Of several databases in one test run each has its own rows, and a statement is compiled for the first alone."""

from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select

from roomgate.storage.database import Database

metadata = MetaData()
numbers = Table("numbers", metadata, Column("n", Integer))
pytestmark = pytest.mark.asyncio


def _seen(conn: Connection) -> tuple[object, list[int]]:
    result = conn.execute(select(numbers.c.n))
    return result.context.compiled, [row.n for row in result]


async def test_a_second_database_finds_the_statement_compiled_and_its_own_rows(tmp_path: Path) -> None:
    found = []
    for n in (1, 2):
        db = Database.open(tmp_path / f"{n}.db", metadata)
        await db.write(lambda conn, n=n: conn.execute(insert(numbers).values(n=n)))
        found += [await db.write(_seen), await db.read(_seen)]
        await db.aclose()
    assert [rows for _, rows in found] == [[1], [1], [2], [2]]
    assert len({id(compiled) for compiled, _ in found}) == 1
