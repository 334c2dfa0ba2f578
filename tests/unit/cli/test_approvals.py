"""The verbs of approvals, against a real hub: one asks, another answers."""

import pytest

from support.cli import RealHub, run

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture
def two(hub: RealHub, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    """Types as somebody: kim, who has nothing, the administrator, or a security officer."""
    test = request.node.name[5:30].replace("_", "-")
    hub.do(hub.hub.person(f"kim-{test}"))
    hub.do(hub.hub.person(f"ole-{test}", "security-officer"))
    tokens = {"kim": hub.token_of(f"kim-{test}"), "ole": hub.token_of(f"ole-{test}"), "ada": hub.token}

    def typed(who: str, *words: str):
        monkeypatch.setenv("ROOMGATE_TOKEN", tokens[who])
        return run(*words)

    return typed


def ask(two, *more: str) -> str:
    done = two("kim", "approval", "ask", "oslo", "--capability", "observe", "--reason", "the camera", *more, "--json")
    assert (done.code, done.json["state"]) == (0, "waiting")
    return str(done.json["id"])


def test_asked_and_approved_with_less(two):
    id = ask(two, "--capability", "call", "--minutes", "30")
    assert id in two("ada", "approval", "list").out
    assert two("kim", "approval", "approve", id).code == 1  # nobody answers for themself
    done = two("ada", "approval", "approve", id, "--minutes", "5", "--capability", "observe")
    assert (done.code, done.out.startswith(f"{id} is approved: grant_")) == (0, True)
    shown = two("kim", "approval", "show", id, "--json").json
    assert (shown["state"], shown["minutes"]) == ("approved", 30)
    assert two("kim", "grant", "show", shown["grant"], "--json").json["capabilities"] == ["observe"]
    assert two("ada", "approval", "refuse", id, "--words", "no").code == 1


def test_refused_or_withdrawn(two):
    id = ask(two)
    assert two("ada", "approval", "refuse", id, "--words", "Ask on Monday.").out == f"{id} is refused.\n"
    assert two("kim", "approval", "show", id, "--json").json["words"] == "Ask on Monday."
    id = ask(two)
    assert two("kim", "approval", "withdraw", id).out == f"{id} is withdrawn.\n"


def test_the_glass_is_broken_for_oneself_and_acknowledged_by_another(two):
    glass = ("grant", "break-glass", "oslo", "--minutes", "5", "--reason")
    assert two("ada", *glass, "fire").code == 2
    assert two("kim", *glass, "The fire alarm rings.").code == 1
    taken = two("ada", *glass, "The fire alarm rings.", "--json").json
    assert taken["state"] == "taken"
    assert two("ole", "approval", "acknowledge", taken["id"]).code == 1  # it lives
    assert two("ada", "grant", "remove", taken["grant"]).code == 0
    assert two("ada", "approval", "acknowledge", taken["id"]).code == 1
    assert two("ole", "approval", "acknowledge", taken["id"], "--words", "A drill.").out.endswith("is acknowledged.\n")
