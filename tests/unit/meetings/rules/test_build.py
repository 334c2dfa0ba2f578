from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.rules.build import build_pack, parse_pack
from roomgate.meetings.rules.form import BadPack, PackForm, RuleForm, SampleForm
from support.packs import OWN, own

FOLDER = resources.files("roomgate.meetings.services")


def complaints(text: str) -> str:
    with pytest.raises(BadPack) as refused:
        own(text)
    return refused.value.message


def test_the_short_form_becomes_a_rule_and_a_way():
    pack = own()
    assert [(rule.name, rule.identifies, rule.told) for rule in pack.texts] == [
        ("rule0", True, 'the rule "the bridge\'s number"')
    ]
    assert [(way.name, way.how.value, way.needs) for way in pack.ways] == [("rule", "sip", {"rule0", "number"})]
    assert (pack.own, pack.hints, pack.hosts) == (True, ("",), frozenset())


def test_rules_are_asked_by_their_priority():
    second = OWN.replace(
        "[[sample]]", '[[rule]]\nname = "first"\npriority = 5\nmatch = "x"\naddress = "a@example.com"\n[[sample]]'
    )
    assert [rule.told for rule in own(second).texts] == ["the rule 'first'", 'the rule "the bridge\'s number"']


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("bridge\"\nv", "Bridge!\"\nv"), "service: takes a short name"),
        (('service = "bridge"', 'service = "none"'), "service: takes a short name"),
        (("version = 1", "version = 0"), "version: takes a whole number"),
        (("title", "priority = 0\ntitle"), "priority: takes a whole number from 1 to 200"),
        (("title", 'domains = ["10.0.0.1"]\ntitle'), "an IP address stands where a host name belongs"),
        (("title", 'domains = ["Example.com"]\ntitle'), "not written in lower case"),
        (("title", 'domains = ["localhost"]\ntitle'), "not a host name"),
        (("title", 'networks = ["10.0.0.0/8"]\ntitle'), "no public network"),
        (("title", 'networks = ["0.0.0.0/0"]\ntitle'), "no public network"),
        (("{number}@", "{nummer}@"), "no rule before it gives nummer"),
        (("{number}@", "{number@"), "has no partner"),
        (("(?P<number>", "(?P<Number>"), "is no name"),
        (("[0-9]{4,8}", "[0-9]{4,8}(?=x)"), "is no pattern that runs in linear time"),
        (("[0-9]{4,8})'", "[0-9]{4,8})\\1'"), "is no pattern that runs in linear time"),
        (("[0-9]{4,8}", "(?:(?:[0-9]{1,900}){1,900}){4,8}"), "is no pattern that runs in linear time"),
        (("[0-9]{4,8}", "[0-9]" * 100), "a pattern of more than 400 characters"),
        (('match =', 'how = "tel"\nmatch ='), "how: takes sip, h323 or native"),
        (('match =', 'how = "native"\nmatch ='), "a native join takes a [[way]]"),
        (('match =', 'look = "subject"\nmatch ='), "look: takes text or link"),
        (("[[sample]]", "[clean]\nnumber = \"upper\"\n[[sample]]"), "[clean] number: known are digits, lower, unquote"),
        (("[[sample]]", "[clean]\nother = \"digits\"\n[[sample]]"), "no rule before it gives other"),
        (("[[sample]]", '[words]\nany = ["abc"]\nneeds = ["number"]\n[[sample]]'), "takes 4 to 60 characters"),
        (("[[sample]]", '[[link]]\nhosts = ["*"]\n[[sample]]'), "a rule for any host needs a path"),
        (("[[sample]]", '[[link]]\nhosts = []\n[[sample]]'), "names no host"),
        (("[[sample]]", '[[address]]\ndomains = ["*"]\n[[sample]]'), "takes labelled addresses only"),
        (("[[sample]]", '[[address]]\ndomains = ["a.example"]\nmost = 99\n[[sample]]'), "most takes 1 to 10"),
        (("title", 'hints = ["x"]\ntitle'), "takes 2 to 60 characters"),
        (("[[sample]]", '[[text]]\nname = "x"\n[[sample]]'), "takes a label or a pattern"),
        (("[[sample]]", '[[text]]\nname = "x"\nlabel = "y"\n[[sample]]'), "[labels] has no 'y'"),
        (("[[sample]]", '[[way]]\nhow = "native"\naddress = "1"\n[[sample]]'), "a native way names its command"),
        (("[[sample]]", '[[way]]\nhow = "native"\ncommand = "SystemUnit Boot"\naddress = "1"\n[[sample]]'), "command: known are"),
        (("[[sample]]", '[[way]]\nhow = "sip"\ncommand = "Zoom Join"\naddress = "1"\n[[sample]]'), "only a native way"),
        (("[[sample]]", '[[way]]\nhow = "sip"\nneeds = ["gone"]\naddress = "1"\n[[sample]]'), "no rule before it gives gone"),
        (("[[sample]]", '[[note]]\nstep = "a"\nsaw = "b"\ndecided = "c"\nreason = "d"\n[[sample]]'), "reason: known are"),
    ],
)  # fmt: skip
def test_what_a_pack_may_not_say(change, told):
    assert change[0] in OWN
    assert told in complaints(OWN.replace(change[0], change[1], 1))


def test_every_complaint_is_told_at_once():
    told = complaints(OWN.replace("version = 1", "version = 0").replace("{number}@", "{gone}@")).splitlines()
    assert [line.startswith("bridge.toml: ") for line in told] == [True, True]


def test_a_pack_without_a_sample_or_a_rule_is_none():
    bare = 'format = 1\nservice = "bridge"\nversion = 1\ntitle = "t"\n'
    told = complaints(bare)
    assert "at least one has to show" in told
    assert "nothing would ever be recognised" in told


LINES = (FOLDER / "ringcentral.toml").read_text().splitlines()
VALUES = st.sampled_from(["1", '"x"', "[]", "{}", '["*"]', '"("', '"{a}"', "true", "-1", '{ a = "[" }']) | st.text(
    max_size=9
)


@given(at=st.integers(0, len(LINES) - 1), value=VALUES, lose=st.booleans())
def test_a_pack_with_any_line_spoilt_is_one_or_refused(at, value, lose):
    key = LINES[at].partition("=")[0]
    spoilt = [*LINES[:at], *([] if lose else [f"{key}= {value}"]), *LINES[at + 1 :]]
    try:
        pack = parse_pack("\n".join(spoilt).encode("utf-8", "replace"), "x.toml")
    except BadPack as refused:
        assert all(line.startswith("x.toml: ") for line in refused.message.splitlines()[:1])
        return
    assert pack.samples


@given(match=st.text(max_size=40), address=st.text(alphabet="{}n@.a|", max_size=30))
def test_any_rule_is_one_or_refused(match, address):
    rule = RuleForm(name="r", match=match, address=address)
    form = PackForm(format=1, service="own", version=1, title="t", rule=(rule,), sample=(SampleForm("s", "none"),))
    try:
        build_pack(form, "x.toml")
    except BadPack as refused:
        assert refused.message


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(BadPack):
        parse_pack(b"\xff\xfe", "x.toml")
