"""Secrets in what is served: found where they stand, and nothing taken for one that is none."""

import io
import tarfile
import zipfile

import httpx
import pytest

from roomgate.checks.looks import sources
from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k27_secrets_in_sources import CHECK, judge
from roomgate.checks.snapshot import Exchange, Fact, Snapshot
from support.checks import AUTHORISED, judged, target_of

HEAD = f'[target]\nname = "A target"\nurls = ["https://target.example/"]\n\n{AUTHORISED}\n'
ACCOUNT = """
[[links]]
url = "https://target.example/d/9b1f04c7d2e85a63"
account = "ana"
reads = [{url = "https://target.example/api/status"}]
[[accounts]]
name = "ana"
user = "ana"
password = "PASSWORD"
[accounts.sign_in.request]
url = "https://target.example/sign-in"
method = "POST"
form = {user = "{user}", password = "{password}"}
[device]
url = "https://10.0.0.9"
user = "admin"
password = "w4ll-of-Sound-77"
"""
TEXT = HEAD + ACCOUNT.replace("PASSWORD", "k7-Vintage-harp")


class Site:
    """A sound one, but for what each test adds to a path."""

    def __init__(self, added: dict[str, str] | None = None):
        self.added = added or {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, known = request.url.path, "sid=" in request.headers.get("cookie", "")
        if path == "/sign-in" and request.method == "POST":
            return httpx.Response(204, headers={"set-cookie": "sid=a1b2c3d4e5f6a7b8; Path=/"})
        pages = {"/": "<h1>Hello</h1>", "/app.js": "const password = form.password;"}
        pages |= {"/d/9b1f04c7d2e85a63": "<h1>Room</h1>", "/api/status": '{"name": "Room"}'} if known else {}
        if path not in pages:
            return httpx.Response(401)
        return httpx.Response(200, text=pages[path] + '<script src="/app.js"></script>' + self.added.get(path, ""))


async def of(folder, added=None, text=TEXT):
    return (await judged(folder, Site(added), text, only=["K27"]))["K27"]


@pytest.mark.asyncio
async def test_a_sound_one_passes(tmp_path):
    assert (await of(tmp_path)).outcome is Outcome.PASS


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/", "/app.js", "/d/9b1f04c7d2e85a63", "/api/status"])
@pytest.mark.parametrize("secret", ["w4ll-of-Sound-77", "k7-Vintage-harp"])
async def test_a_password_of_the_target_file_is_found_wherever_it_stands(tmp_path, path, secret):
    found = await of(tmp_path, {path: f"<!-- {secret} -->"})
    assert (found.outcome, path in found.points[0].where) == (Outcome.FAIL, True)
    assert secret not in repr(found)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "added",
    [
        '<script>const device = {user: "admin", password: "Tr0ub4dor-and-3"};</script>',
        '{"device_password":"hx82Kq0-zz"}',
        '<input type="password" name="p" value="hx82Kq0-zz">',
        'fetch("https://admin:hx82Kq0-zz@10.0.0.9/status.xml")',
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R\n",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        'headers: {"Authorization": "Basic YWRtaW46aHg4MktxMC16eg=="}',
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjb25uZWN0b3IiLCJyb2xlcyI6WyJhZG1pbiJdfQ.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw",
    ],
)
async def test_a_secret_by_its_shape_is_found(tmp_path, added):
    assert (await of(tmp_path, {"/": added})).outcome is Outcome.FAIL


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "added",
    [
        '<input type="password" name="password" value="">',
        '{"password": "Password", "passwordHint": "Enter your password"}',
        'const t = {password: "form.password.label1", passphrase: "••••••••"};',
        'password: "${process.env.DEVICE_PW1}"',
        '<input type="hidden" name="csrf" value="9f86d081884c7d659a2feaa0c55ad015">',
        "fetch('https://user:password@host.example/')",
        "<p>-----BEGIN PRIVATE KEY----- …</p>",
        '<script src="/x.js" integrity="sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"></script>',
        "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiIsImV4cCI6OTk5OTk5OTk5OX0.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw",
        'autocomplete="current-password" id="password-1a2b3c"',
    ],
)
async def test_what_is_no_secret_is_left_alone(tmp_path, added):
    found = await of(tmp_path, {"/": added, "/d/9b1f04c7d2e85a63": added})
    assert found.outcome is Outcome.PASS, found.says


@pytest.mark.asyncio
async def test_a_plain_word_for_a_password_proves_nothing(tmp_path):
    found = await of(tmp_path, {"/": "welcome to harpsichord"}, HEAD + ACCOUNT.replace("PASSWORD", "harpsichord"))
    assert (found.outcome, "plain a word" in found.says) == (Outcome.INCONCLUSIVE, True)


@pytest.mark.asyncio
async def test_the_visitors_own_session_is_told_and_not_counted(tmp_path):
    found = await of(tmp_path, {"/d/9b1f04c7d2e85a63": "a1b2c3d4e5f6a7b8"})
    assert (found.outcome, len(found.points)) == (Outcome.PASS, 1)


@pytest.mark.asyncio
async def test_what_was_not_seen_is_no_pass(tmp_path):
    assert (await of(tmp_path / "a", text=HEAD)).outcome is Outcome.INCONCLUSIVE
    for n, answer in enumerate((httpx.Response(503), httpx.Response(403, text="No"))):
        found = await judged(tmp_path / f"b{n}", lambda request, answer=answer: answer, TEXT, only=["K27"])
        assert found["K27"].outcome is Outcome.INCONCLUSIVE


def packed(kind: str, content: bytes) -> bytes:
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("logs/a.log", content)
    elif kind == "tar.gz":
        with tarfile.open(fileobj=out, mode="w:gz") as tar:
            info = tarfile.TarInfo("logs/a.log")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    else:
        out.write(content)
    return out.getvalue()


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["zip", "tar.gz", "log"])
async def test_a_support_bundle_is_looked_into(tmp_path, kind):
    file = tmp_path / f"bundle.{kind}"
    text = TEXT + f'\n[K27]\nbundle_file = "{file}"\n'
    file.write_bytes(packed(kind, b"all well\n" * 50))
    assert (await of(tmp_path / "sound", text=text)).outcome is Outcome.PASS
    file.write_bytes(packed(kind, b"all well\nconnect admin w4ll-of-Sound-77\n"))
    found = await of(tmp_path / "leaking", text=text)
    assert (found.outcome, "the device" in found.says) == (Outcome.FAIL, True)


@pytest.mark.asyncio
@pytest.mark.parametrize("raw", [b"PK\x03\x04rubbish", b"\x1f\x8b\x08rubbish"])
async def test_a_damaged_bundle_is_no_pass(tmp_path, raw):
    (tmp_path / "bundle").write_bytes(raw)
    text = TEXT + f'\n[K27]\nbundle_file = "{tmp_path / "bundle"}"\n'
    assert (await of(tmp_path / "run", text=text)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_bundle_that_is_not_there_is_no_pass(tmp_path):
    text = TEXT + '\n[K27]\nbundle_file = "nowhere.zip"\nbundle = {url = "https://target.example/bundle"}\n'
    assert (await of(tmp_path, text=text)).outcome is Outcome.INCONCLUSIVE


def test_any_snapshot_is_judged():
    step = {"t": 0.0, "at": "no time"}
    odd = [
        Exchange(label=sources.PAGE, method="GET", url="x", status=200, body="‹ of ›‹cookie x of y›", **step),
        Fact(label=sources.BUNDLE, name="x", value={"lines": [1, None, "‹pass of x›"]}, **step),
        Fact(label=sources.BUNDLE, name="x", value=[1], **step),
    ]
    assert judge(Snapshot(look="sources"), target_of(TEXT)).outcome is Outcome.INCONCLUSIVE
    assert judge(Snapshot(look="sources", steps=tuple(odd)), target_of(TEXT)).outcome is Outcome.FAIL


def test_it_is_declared_whole():
    assert (CHECK.id, CHECK.options) == ("K27", sources.Options)
