"""The kept target: what judgements need is there, what opens anything is not."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.catalogue import all_checks
from roomgate.checks.doubles.flaws import NONE
from roomgate.checks.doubles.scene import build_scene
from roomgate.checks.doubles.target_file import Place, build_tables, write_toml
from roomgate.checks.kept import HIDDEN, decode_target, encode_target
from roomgate.checks.pace import HandTime
from roomgate.checks.target import Ask, Deed, parse_target
from roomgate.errors import BadInput
from support.checks import options_of

TEXT = """
[target]
name = "A target"
urls = ["https://target.example/"]

[authorisation]
text = "Yes."
by = "The owner"
until = 2026-12-31

[[accounts]]
name = "alice"
user = "alice@target.example"
password = "correct horse"
headers = {Authorization = "Bearer abcdef", X-Own = "plain-looking"}
values = {pin = "12"}
sign_in = {request = {url = "https://target.example/login", method = "POST", form = {user = "{user}", password = "{password}", extra = "typed"}}, token = "access_token"}

[[accounts]]
name = "bob"
token_file = "bob.token"

[[links]]
url = "https://target.example/d/1"
marker = "room-4711"

[device]
url = "https://10.0.0.9"
password = "xyz"

[[causes]]
name = "leaves"
kind = "deleted"
deed = {command = ["curl", "-H", "Authorization: secret-in-a-command", "https://target.example/"]}

[K99]
canary = "seen-in-pages"
api_token = "dev"
ask = {url = "https://target.example/x", headers = {X-Key = "a-key-of-theirs"}, json = {deep = [{user = "typed-too"}]}}
"""
SECRETS = (
    "correct horse", "abcdef", "plain-looking", '"12"', "typed", "token-of-bob", "xyz", "secret-in-a-command", '"dev"',
    "a-key-of-theirs", "typed-too",
)  # fmt: skip


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    canary: str = ""
    api_token: str = ""
    ask: Ask | None = None
    deed: Deed = Deed()


def target(text: str = TEXT):
    return parse_target(text, Path("somewhere"), {"K99": Options}, {"bob.token": "token-of-bob"})


def test_nothing_that_opens_anything_is_kept():
    kept = encode_target(target()).decode()
    assert [secret for secret in SECRETS if secret in kept] == []
    assert "somewhere" not in kept


def test_what_judgements_need_is_the_same():
    before, after = target(), decode_target(encode_target(target()), {"K99": Options})
    assert after.about == before.about
    assert after.authorisation == before.authorisation
    assert after.links == before.links
    assert [one.name for one in after.accounts] == ["alice", "bob"]
    assert after.account("alice").user == "alice@target.example"
    assert after.hosts == before.hosts
    options = after.option("K99", Options)
    assert options is not None
    assert (options.canary, options.api_token) == ("seen-in-pages", HIDDEN)
    assert after.causes[0].deed.command[0] == "curl"


def test_a_named_secret_stands_as_it_does_in_the_snapshots():
    after = decode_target(encode_target(target()), {})
    assert after.account("alice").password == "‹password of alice›"
    assert after.account("bob").token == "‹token of bob›"


def test_a_check_that_is_gone_takes_its_table_with_it():
    assert decode_target(encode_target(target()), {}).options == {}


@given(st.text(min_size=4, max_size=40).filter(lambda text: text.isprintable() and "‹" not in text))
def test_no_password_gets_through(password):
    text = TEXT.replace('"correct horse"', msgspec.json.encode(password + "#7Q").decode())
    assert (password + "#7Q").encode() not in encode_target(target(text))


@given(st.binary(max_size=80) | st.recursive(st.none() | st.text(), st.lists).map(lambda v: msgspec.json.encode(v)))
def test_rubbish_raises_only_our_error(raw):
    with pytest.raises(BadInput):
        decode_target(raw, {})


def test_a_table_of_another_form_raises_only_our_error():
    class Other(msgspec.Struct):
        canary: int

    with pytest.raises(BadInput):
        decode_target(encode_target(target()), {"K99": Other})


@pytest.mark.asyncio
async def test_the_table_of_every_check_survives_being_kept():
    """The double's own target file names what every check asks for."""
    scene = await build_scene(NONE, HandTime())
    place = Place("https://double.example", "", "Oak room", device={"url": "https://device.example", "password": "xyz"})
    options = options_of(all_checks())
    before = parse_target(write_toml(build_tables(scene, place)), Path(), options, {})
    raw = encode_target(before)
    after = decode_target(raw, options)
    assert after.options.keys() == before.options.keys()
    assert len(after.options) >= 10
    assert after.hosts == before.hosts
    assert [
        secret for secret in (*scene.passwords.values(), scene.service.operator_token) if secret.encode() in raw
    ] == []
