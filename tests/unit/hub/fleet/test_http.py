import pytest

from support.plans import plans

pytestmark = pytest.mark.asyncio

DOCUMENT = 'name = "Autumn"\n[everything.settings]\n"Audio/DefaultVolume" = 50\n'


async def test_a_plan_from_its_document_to_its_end_and_what_drifted_since(tmp_path):
    async with plans(tmp_path, "oslo", "rome", pages=True) as world:
        hub, http = world.console.hub, world.console.http
        _, token = await hub.token("ada")
        await hub.person("bob")
        _, other = await hub.token("bob")

        async def ask(method, path, body=None, *, by=token, **headers):
            headers = {"Authorization": f"Bearer {by}", **headers}
            return await http.request(method, f"/api/v1{path}", json=body, headers=headers)

        bad = await ask(
            "POST", "/plans", {"document": '[everthing]\n[everything.settings]\n"Audio/DefaultVolume" = 500\n'}
        )
        assert bad.status_code == 400
        assert "everthing (did you mean everything?)" in bad.json()["detail"]
        assert "DefaultVolume takes 0–100, got 500" in bad.json()["detail"]

        made = await ask("POST", "/plans", {"document": DOCUMENT})
        assert made.status_code == 201
        id = made.json()["id"]
        planned = await ask("GET", f"/plans/{id}?past=planning")
        assert (planned.json()["state"], planned.json()["rooms"]) == ("planned", {"waiting": 2})
        rooms = (await ask("GET", f"/plans/{id}/rooms?states=waiting")).json()["items"]
        assert rooms[0]["steps"][0] == {
            "kind": "setting", "what": "Audio/DefaultVolume", "before": "30", "after": "50", "verdict": "allowed",
            "state": "", "rule": "", "words": "",
        }  # fmt: skip
        assert (await ask("GET", f"/plans/{id}/rooms?states=lost")).status_code == 400

        # Somebody else's plan is no plan.
        for method, path, body in (
            ("GET", "", None), ("GET", "/rooms", None), ("GET", "/drift", None), ("POST", "/start", None),
            ("POST", "/resume", {}), ("POST", "/halt", {}), ("POST", "/cancel", {}),
        ):  # fmt: skip
            theirs, nobodys = [await ask(method, f"/plans/{one}{path}", body, by=other) for one in (id, "plan_x")]
            assert (theirs.status_code, theirs.content) == (404, nobodys.content)
        assert (await ask("GET", "/plans", by=other)).json()["items"] == []

        stale = await ask("POST", f"/plans/{id}/start", **{"If-Match": '"v1"'})
        assert stale.status_code == 412
        started = await ask("POST", f"/plans/{id}/start", **{"If-Match": planned.headers["etag"]})
        assert started.json()["state"] == "running"
        done = (await ask("GET", f"/plans/{id}?past=running")).json()
        assert (done["state"], done["rooms"]) == ("done", {"done": 2})
        assert (await ask("POST", f"/plans/{id}/start")).status_code == 409
        assert (await ask("GET", "/plans")).json()["items"][0]["name"] == "Autumn"

        assert (await ask("GET", f"/plans/{id}/drift")).json() == []
        hub.clock.advance(1)
        await ask("POST", "/rooms/oslo/asks", {"set": "Configuration/Audio/DefaultVolume", "value": 40})
        world.rooms.volume["oslo"], world.rooms.volume["rome"] = 40, 45
        await hub.parts.db.write(lambda conn: None)
        drifted = (await ask("GET", f"/plans/{id}/drift")).json()
        assert [(one["room"], one["now"], one["wanted"], one["by"]) for one in drifted] == [
            ("oslo", "40", "50", "ada"),
            ("rome", "45", "50", None),
        ]
        compared = await ask("POST", "/plans/drift", {"document": DOCUMENT})
        assert [one["room"] for one in compared.json()] == ["oslo", "rome"]
        again = (await ask("POST", "/plans", {"document": DOCUMENT})).json()["id"]
        assert (await ask("POST", f"/plans/{again}/cancel", {"words": "Not now."})).json()["words"] == "Not now."
