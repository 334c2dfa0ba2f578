import pytest

from support.cli import run
from support.invites import ics
from support.packs import OWN

BRIDGE = ics("DTSTART:20260310T090000Z", "SUMMARY:Call", "DESCRIPTION:Bridge: 4711")
ZOOM = ics("DTSTART:20260310T090000Z", "SUMMARY:Review", "DESCRIPTION:https://us02web.zoom.us/j/85512345678")


@pytest.fixture
def folders(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "past").mkdir()
    (tmp_path / "past" / "a.ics").write_bytes(BRIDGE)
    (tmp_path / "past" / "b.ics").write_bytes(ZOOM)
    (tmp_path / "past" / "c.ics").write_bytes(b"rubbish")

    def write(text: str) -> tuple[str, str]:
        (tmp_path / "rules" / "own.toml").write_text(text)
        return str(tmp_path / "rules"), str(tmp_path / "past")

    return write


def test_the_services_that_are_known(folders):
    told = {row["service"]: row for row in run("meeting", "rules", "list", "--json").json}
    assert told["zoom"]["from"] == "this release"
    assert told["starleaf"]["retired"]
    rules, _ = folders(OWN)
    assert "your folder" in run("meeting", "rules", "list", "--rules", rules).out


def test_a_pack_as_it_is_written(folders):
    assert 'service = "zoom"' in run("meeting", "rules", "show", "zoom").out.splitlines()
    assert run("meeting", "rules", "show", "zoom", "--json").json["service"] == "zoom"
    done = run("meeting", "rules", "show", "carrier-pigeon")
    assert (done.code != 0, "No rules are for carrier-pigeon" in done.err) == (True, True)


def test_packs_are_checked(folders):
    rules, _ = folders(OWN)
    assert run("meeting", "rules", "check", rules).out == "Used beside the shipped ones: bridge 1.\n"
    assert run("meeting", "rules", "check", rules, "--json").json == {"used": ["bridge 1"], "passed_over": []}
    rules, _ = folders(OWN.replace('"bridge"', '"zoom"'))
    assert "version 1 is not used" in run("meeting", "rules", "check", rules).out
    rules, _ = folders(OWN.replace("Bridge: 4711", "Bridge: 4712"))
    done = run("meeting", "rules", "check", rules)
    assert (done.code, "the sample 'a number' leads to 4712@video.example.com" in done.err) == (2, True)


def test_new_buttons_alone_are_no_warning(folders):
    done = run("meeting", "rules", "try", *folders(OWN), "--domain", "example.com")
    assert done.code == 0
    assert "gained" in done.out
    assert "none: no button" in done.out
    assert "bridge: 4711@video.example.com" in done.out
    assert "1 files were no invitations" in done.out


def test_a_button_that_would_lead_elsewhere_is_a_no(folders):
    text = OWN.replace('"bridge"', '"zoom"').replace("version = 1", "version = 9")
    text = text.replace("Bridge:\\s*(?P<number>[0-9]{4,8})", "/j/(?P<number>[0-9]{4,11})").replace(
        "Bridge: 4711", "x/j/4711"
    )
    done = run("meeting", "rules", "try", *folders(text), "--domain", "example.com", "--json")
    assert done.code == 1
    assert [(row["title"], row["change"], row["after"]) for row in done.json["changed"]] == [
        ("Review", "moved", "zoom: 85512345678@video.example.com")
    ]


def test_nothing_would_change(folders):
    rules, past = folders(OWN)
    done = run("meeting", "rules", "try", rules, f"{past}/b.ics")
    assert (done.code, done.out) == (0, "None of 1 invitations would change.\n")
