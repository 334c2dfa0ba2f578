import pytest

from support.cli import BookHub, RealHub, ok, problem, run

pytestmark = pytest.mark.xdist_group("cli")


def test_a_site_from_its_name_to_a_code(hub: RealHub):
    made = run("site", "add", "harbour", "--json")
    assert (made.code, made.json["name"]) == (0, "harbour")
    assert made.json["id"] in run("site", "list").out
    assert run("site", "show", "harbour", "--json").json == made.json
    assert run("site", "add", "harbour").code == 1
    code = run("site", "code", "harbour", "--json").json
    assert set(code) == {"code", "hub_fingerprint", "hub", "minutes"}
    said = run("site", "code", "harbour").out
    assert f"Fingerprint  {code['hub_fingerprint']}" in said
    assert "roomgate connector enrol" in said
    assert run("site", "code", "nowhere").code in (1, 2)


def test_connectors_are_listed_confirmed_and_disabled(hub: RealHub):
    async def enrolled() -> str:
        return (await hub.hub.connector("pier")).id

    id = hub.do(enrolled())
    rows = run("site", "connectors", "pier", "--json").json
    assert [(row["id"], row["linked"]) for row in rows] == [(id, False)]
    assert rows[0]["fingerprint"] in run("site", "connectors").out
    assert run("site", "connectors", "nowhere").code == 1
    assert run("site", "disable", id, "--json").json["state"] == "disabled"
    assert f"{id} is disabled" in run("site", "disable", id).out
    assert run("site", "disable", "connector_none").code == 1


def test_confirming_tells_the_fingerprint(book: BookHub):
    book.answer(ok({"id": "connector_1", "fingerprint": "9f3a"}))
    assert run("site", "confirm", "connector_1").out == "connector_1 is trusted now; its key is 9f3a.\n"
    assert (book.asked[0].method, book.asked[0].path) == ("POST", "/api/v1/connectors/connector_1/confirm")
    book.answer(problem(403, "right.missing", "You may not."))
    assert run("site", "confirm", "connector_1").code == 1
