import json

from hypothesis import given
from hypothesis import strategies as st

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path


def make(**changes):
    fields = {
        "verb": Verb.COMMAND,
        "path": Path.parse("Command/Dial"),
        "arguments": (("Number", "é@example.com"), ("Tags", ("a", 2))),
        "body": None,
    }
    return Call(**{**fields, **changes})


def test_the_canonical_bytes_say_everything():
    assert json.loads(make().canonical()) == [
        "command", ["Command", "Dial"], [["Number", "é@example.com"], ["Tags", ["a", 2]]], None,
    ]  # fmt: skip


@given(st.text(), st.one_of(st.text(), st.integers(-(2**63), 2**63 - 1)), st.none() | st.text())
def test_the_canonical_bytes_are_plain_json(name, value, body):
    """As any JSON library writes it without spaces: what was hashed long ago can be hashed anew elsewhere."""
    call = make(arguments=((name, value), ("Tags", (value, 2))), body=body)
    plain = ["command", ["Command", "Dial"], [[name, value], ["Tags", [value, 2]]], body]
    assert call.canonical() == json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()


def test_any_change_changes_the_digest():
    calls = [
        make(),
        make(verb=Verb.GET),
        make(path=Path.parse("Command/Dia")),
        make(arguments=()),
        make(arguments=(("Number", 1),)),
        make(arguments=(("Number", "1"),)),
        make(arguments=(("Number", ("1",)),)),
        make(body=""),
        make(body="x"),
    ]
    assert len({call.digest() for call in calls}) == len(calls)


def test_an_argument_by_name():
    assert make().argument("Tags") == ("a", 2)
    assert make().argument("tags") is None
    assert str(make(arguments=(("Number", "1"),))) == "Command/Dial Number=1"
