import pytest

from support.cli import RealHub, run

pytestmark = pytest.mark.xdist_group("cli")


def test_a_role_from_its_beginning_to_its_end(hub: RealHub):
    made = run("role", "add", "av-team", "--right", "see", "--capability", "observe", "--words", "our AV people")
    assert (made.code, made.out) == (0, "There is a role av-team now.\n")
    assert run("role", "add", "av-team").code in (1, 2)
    assert run("role", "add", "administrator").code == 2
    listed = {one["name"]: one for one in run("role", "list", "--json").json}
    assert (listed["av-team"]["rights"], listed["auditor"]["shipped"]) == (["see"], True)
    hub.do(hub.hub.person("avery", "av-team"))
    assert run("role", "remove", "av-team").code in (1, 2)
    changed = run("role", "change", "av-team", "--no-rights", "--capability", "call", "--json").json
    assert (changed["rights"], changed["capabilities"], changed["words"]) == ([], ["call"], "our AV people")
    assert run("role", "change", "av-team").code == 2
    assert run("role", "change", "auditor", "--no-rights").code in (1, 2)
    given = run("grant", "add", "avery", "--room", "oslo", "--role", "av-team", "--reason", "test", "--json").json
    assert given["capabilities"] == ["call"]
    assert run("person", "roles", "avery").code == 0
    assert run("role", "remove", "av-team").out == "The role av-team is gone.\n"
    assert run("role", "show", "av-team").code in (1, 2)


def test_a_room_s_tags(hub: RealHub):
    assert run("room", "tag", "rome", "Boards", "ground-floor").out == "rome has boards, ground-floor now.\n"
    assert run("room", "status", "rome", "--json").json["tags"] == ["boards", "ground-floor"]
    assert run("room", "tag", "rome", "two words").code == 2
    assert run("room", "tag", "nowhere", "boards").code in (1, 2)
    assert run("room", "tag", "rome").out == "rome has no tag now.\n"
