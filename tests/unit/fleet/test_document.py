import base64

import pytest

from roomgate.access.offered import offered
from roomgate.fleet.document import BadDocument, Branding, Macro, Only, Panel, Upgrade, User, parse_document

PICTURE = "iVBORw0KGgo="

LARGE = base64.b64encode(b"\xff\xd8\xff" + bytes(2 * 1024 * 1024)).decode()


def parse(**tables):
    return parse_document(tables, offered())


def complaints(**tables):
    with pytest.raises(BadDocument) as bad:
        parse(**tables)
    return list(bad.value.complaints)


def everything(**parts):
    return {"everything": parts}


def test_names_and_values_come_out_as_the_device_has_them():
    made = parse(**everything(settings={"audio/defaultvolume": "50", "Standby": {"Control": "on"}}))
    assert made.everything.settings == {"Audio/DefaultVolume": 50, "Standby/Control": "On"}


def test_all_parts_are_read():
    made = parse(
        name="Autumn",
        site={"oslo": {"macros": {"a": {"code": "1;", "active": "true"}, "b": {"absent": True}, "c": {"active": False}}}},
        tag={"board": {"panels": {"p": {"xml": "<Extensions/>"}, "q": {"absent": True}}}},
        room={"attic": {
            "branding": {"Background": {"image": PICTURE}, "Branding": {"absent": True}},
            "users": {"signage": {"roles": ["User"], "active": True}, "old": {"absent": True}, "others": "remove"},
        }},
        only={"sites": ["oslo"], "products": ["Board"]},
    )  # fmt: skip
    assert made.site["oslo"].macros == {"a": Macro("1;", True), "b": Macro(absent=True), "c": Macro(None, False)}
    assert made.tag["board"].panels == {"p": Panel("<Extensions/>"), "q": Panel(absent=True)}
    assert made.room["attic"].branding == {"Background": Branding(PICTURE), "Branding": Branding(absent=True)}
    assert made.room["attic"].users == {"signage": User(("User",), True), "old": User(absent=True)}
    assert made.room["attic"].others == {"users": "remove"}
    assert {"1;", "<Extensions/>", PICTURE} <= set(made.bodies().values())
    assert made.only == Only(sites=("oslo",), products=("Board",))


def test_every_mistake_is_told_at_once_with_its_place():
    found = complaints(
        everthing={}, name="x" * 121, only={"site": []},
        everything={
            "setings": {}, "settings": {"Audio/DefaultVolum": 1, "Audio/DefaultVolume": 500},
            "macros": {"a": {"file": "a.js"}, "b": {}, "c": {"active": "perhaps"}, "d": {"absent": True, "code": "1"}},
            "panels": {"p": {"xml": ""}}, "branding": {"Wall": {"image": PICTURE}, "Background": {"image": "!"}},
            "users": {"u": {"passphrase": "x"}, "v": {"roles": ["King"]}, "w": {}},
        },
        site=[], tag={"t": {"settings": []}},
    )  # fmt: skip
    text = "\n".join(found)
    for said in (
        "the document has no everthing (did you mean everything?)",
        "name: give one line of at most 120 characters",
        "everything has no setings (did you mean settings?)",
        "Configuration/Audio has no DefaultVolum (did you mean DefaultVolume",
        "DefaultVolume takes 0–100, got 500",
        'everything.macros."a": the command line and the page read files',
        'everything.macros."b": give code, active or absent',
        'everything.macros."c": active is true or false',
        'everything.macros."d": absent stands alone',
        'everything.panels."p": xml is a text',
        'everything.branding."Wall": Type takes',
        'everything.branding."Background": image is a PNG or JPEG in base64',
        'everything.users."u": a document holds no passphrase',
        'everything.users."v": roles takes',
        'everything.users."w": give roles, active or absent',
        "site: this is a table, not a list",
        "tag.t.settings: this is a table, not a list",
        "only has no site (did you mean sites?)",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({}, "the document says nothing"),
        ({"only": {"rooms": "oslo"}}, "only.rooms: give a list of names"),
        (everything(settings={"Audio/DefaultVolume": 5, "Audio": {"DefaultVolume": 6}}), "is said twice"),
        (everything(macros={"x\n": {"active": True}}), "a name has 1 to 250 printable characters"),
        (everything(macros={"x": {"code": "\ud800"}}), "code is a text"),
        (everything(users={"others": "shoot"}), '"remove" or "keep"'),
        (everything(branding={"Background": {"image": "aGVsbG8="}}), "image is a PNG or JPEG in base64"),
        (everything(branding={"Background": {"image": LARGE}}), "at most 2 MiB"),
        ({"upgrade": {"url": "http://x"}}, "begins with https://"),
        ({"upgrade": {"url": "https://x", "minutes": 0}}, "from 1 to 1440"),
        ({"upgrade": {"url": "https://x"}, **everything(settings={"Audio/DefaultVolume": 5})}, "says nothing else"),
    ],
)
def test_what_cannot_be_meant_is_refused(tables, said):
    assert any(said in one for one in complaints(**tables))


def test_a_picture_may_stand_on_several_lines():
    made = parse(**everything(branding={"Background": {"image": "iVBO\nRw0K Ggo="}}))
    assert made.everything.branding == {"Background": Branding(PICTURE)}


def test_an_account_may_be_called_others():
    made = parse(**everything(users={"others": {"roles": ["User"]}}))
    assert (made.everything.users, made.everything.others) == ({"others": User(("User",))}, {})


def test_an_upgrade_stands_alone():
    made = parse(upgrade={"url": "https://files.example.com/a.pkg", "minutes": "45"}, only={"tags": ["x"]})
    assert made.upgrade == Upgrade("https://files.example.com/a.pkg", "", 45)


def test_a_document_without_end_is_not_read_to_its_end():
    with pytest.raises(BadDocument, match="more than 20000 things"):
        parse(**everything(settings={f"Nothing/{n}": 1 for n in range(20_001)}))
    assert len(complaints(**everything(settings={f"Nothing{n}": 1 for n in range(400)}))) == 301


def test_many_mistakes_are_counted():
    with pytest.raises(BadDocument, match="… and 50 more"):
        parse(**everything(settings={f"Nothing{n}": 1 for n in range(150)}))
