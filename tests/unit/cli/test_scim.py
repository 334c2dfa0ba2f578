import pytest

from support.cli import RealHub, run

pytestmark = pytest.mark.xdist_group("cli")


def test_a_directory_from_its_beginning_to_a_release(hub: RealHub):
    done = run("scim", "add", "upstream")
    assert (done.code, done.out.startswith("rg_")) == (0, True)
    assert "for upstream, until " in done.out
    other = run("scim", "add", "other", "--minutes", "60", "--json").json
    assert (other["name"], other["token"][:3]) == ("other", "rg_")
    assert {"upstream", "other"} <= {row["name"] for row in run("scim", "list", "--json").json}
    assert "upstream" in run("scim", "list").out
    assert run("scim", "release", "upstream").out.startswith("upstream may go on until ")
    assert run("scim", "release", "upstream", "--minutes", "5", "--json").json["held"] is False
    assert run("scim", "release", "nowhere").code == 1


def test_a_person_is_handed_over(hub: RealHub):
    run("scim", "add", "keeper")
    hub.do(hub.hub.person("handed"))
    assert run("scim", "hand-over", "handed", "keeper").out == "keeper keeps handed from now on.\n"
    refused = run("scim", "hand-over", "ada", "keeper")
    assert (refused.code, "rights" in refused.err) == (1, True)
