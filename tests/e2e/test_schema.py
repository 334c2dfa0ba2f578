"""The API against its own description: whatever is sent, the answer is one that the description names.

Every operation gets well-formed and ill-formed requests that the description gives rise to, from an administrator,
from a member with one grant, and with a token that is there to look. No answer may be a fault of ours (500), have a
status or a form that is not described, or anything but a problem document as refusal.
"""

import asyncio
import json
import ssl
from collections import Counter

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from roomgate.access.scope import Scope
from roomgate.clock import SystemClock
from roomgate.hub.http.problem import MEDIA_TYPE
from roomgate.hub.identity.person import Proof
from roomgate.hub.parts import open_parts
from support.hub import Hub, config
from support.hub_program import hub_program

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("schema")]

EXAMPLES = 8  # of each kind, for each operation: about 20 s in all
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
STREAMS = "/api/v1/rooms/{room}/events"  # answers as long as one listens
# Asked by the administrator of a hub that other tests do not share; these alone would shut the tester out.
SUICIDAL = {("delete", "/api/v1/people/{id}"), ("patch", "/api/v1/people/{id}"), ("post", "/api/v1/restoration/end")}


# What somebody without rights over the hub may change: tokens of their own, and what their grants give in rooms.
OWN = {("post", "/api/v1/tokens"), ("post", "/api/v1/rooms/{room}/asks")}


async def furnish(data):
    """Two people, a room, a grant on it; a member's token, and one of the administrator's that is there to look."""
    parts = await open_parts(config(data), SystemClock())
    try:
        ada = await parts.identity.get("ada")
        opened = await parts.identity.open_web(ada.id, Proof("passkey", strong=True), "192.0.2.1")
        assert opened is not None
        cookie = opened[1]
        admin = await parts.identity.by_cookie(cookie.reveal())
        hub = Hub(parts, parts.clock, admin, cookie.reveal())
        for name in ("alma", "bert"):
            await hub.person(name)
        await hub.rooms("oslo")
        await hub.grant("alma", "oslo", minutes=60)
        look = await parts.identity.make_token("ada", 60, "look", admin, Scope.parse(["read", "room:oslo"]))
        return {"member": (await hub.token("alma"))[1], "look": look[1].reveal()}
    finally:
        await parts.aclose()


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    with hub_program(tmp_path_factory.mktemp("schema")) as hub:
        hub.stop()
        tokens = {"administrator": hub.token, **asyncio.run(furnish(hub.data))}
        hub.serve()
        with hub.client() as admin:
            document = admin.get("/openapi.json").json()
        schema = schemathesis.openapi.from_dict(document)
        trust = ssl.create_default_context(cafile=str(hub.folder / "ca.pem"))
        with httpx.Client(base_url=hub.url, verify=trust, timeout=20, trust_env=False) as client:
            yield hub, schema, client, document, tokens


def operations(schema):
    return [found.ok() for found in schema.get_all_operations()]


def test_every_route_of_the_api_is_described(api):
    _, schema, _, document, _ = api
    assert len(operations(schema)) > 40
    assert document["info"]["title"] == "Roomgate"


def ask(hub, client, case, token):
    """The request as the description's case has it. Names stay as they are: what the client can't encode is skipped."""
    made = case.as_transport_kwargs(base_url=hub.url)
    headers = {name: value for name, value in dict(made.get("headers") or {}).items() if name.lower() != "user-agent"}
    headers["Authorization"] = f"Bearer {token}"
    content = made.get("data")
    if made.get("json") is not None or "json" in made:
        content = json.dumps(made["json"]).encode("utf-8", "surrogatepass")
        headers.setdefault("Content-Type", "application/json")
    try:
        return client.request(made["method"], made["url"], params=made.get("params"), headers=headers, content=content)
    except (httpx.InvalidURL, UnicodeEncodeError, httpx.LocalProtocolError):
        return None


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["well-formed", "ill-formed"])
def test_every_answer_is_one_that_is_described(api, mode):
    hub, schema, client, _, tokens = api
    refused, answered = Counter(), Counter()
    for operation in operations(schema):
        if operation.path == STREAMS or (operation.method, operation.path) in SUICIDAL:
            continue

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
            derandomize=True, database=None,
        )  # fmt: skip
        def check(case):
            # The administrator asks everything; the two who may less take turns.
            other = ("member", "look")[sum(answered.values()) // 2 % 2]
            for who in ("administrator", other):
                answer = ask(hub, client, case, tokens[who])
                if answer is None:
                    return
                case.validate_response(answer, checks=CHECKS)
                answered[who] += 1
                if answer.status_code >= 400:
                    refused[who] += 1
                    assert answer.headers["content-type"] == MEDIA_TYPE
                    assert answer.json()["status"] == answer.status_code
                elif who != "administrator":
                    asked = (case.operation.method, case.operation.path)
                    assert asked[0] == "get" or asked in OWN, (who, asked, answer.text)

        check()
    assert answered["administrator"] > 200
    assert min(answered["member"], answered["look"]) > 80
    assert refused["administrator"] > 50
    assert min(refused["member"], refused["look"]) > 40
    assert client.get("/healthz").text == "ok"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["get", "post", "patch", "delete", "put"]),
            st.sampled_from(["people", "tokens", "grants", "locks", "sites", "connectors", "rooms/x/asks", "sessions"]),
            st.binary(max_size=300),
            st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/plain", "application/msgpack", ""]),
        ),
        max_size=8,
    )
)  # fmt: skip
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
def test_bytes_for_a_body_are_refused_in_words(api, tried):
    hub, _, client, *_ = api
    for verb, path, body, kind in tried:
        headers = {"Authorization": f"Bearer {hub.token}", **({"Content-Type": kind} if kind else {})}
        answer = client.request(verb, f"/api/v1/{path}", content=body, headers=headers)
        assert answer.status_code < 500, (verb, path, body, kind, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == MEDIA_TYPE


def test_nothing_failed_inside(api):
    hub, *_ = api
    assert [line for line in hub.logged() if line["level"] == "error"] == []
