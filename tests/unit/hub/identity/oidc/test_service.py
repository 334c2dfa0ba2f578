"""Sign-in by a provider, true and lying, on a real database: whoever is refused has nothing open."""

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from roomgate.access.principal import Kind
from roomgate.errors import BadInput, Conflict, NotFound, RoomgateError
from roomgate.hub.identity.guessing import TooManyTries
from roomgate.hub.identity.oidc.service import NotLinked
from roomgate.hub.identity.oidc.unproven import ProviderAway, Unproven
from roomgate.hub.identity.person import Forbidden, Signed
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.ledger.event import SignInFailed
from support.hostile_provider import CLIENT, Rig, b64, public_jwk, rig

pytestmark = pytest.mark.asyncio

METADATA, KEYS, TOKEN = "/.well-known/openid-configuration", "/keys", "/token"


async def signed_in(rig: Rig, name: str = "corp") -> Signed:
    finished = await rig.sign_in(name)
    assert finished.cookie is not None
    signed = await rig.hub.parts.identity.by_cookie(finished.cookie.reveal())
    assert signed is not None
    return signed


async def webs(rig: Rig) -> int:
    return (await rig.hub.kinds()).count("signin")


# ---- the right way ----------------------------------------------------------------------------------


async def test_whoever_is_linked_signs_in_as_who_they_are_here(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        finished = await r.finish(*await r.begin(back="/rooms/oslo"))
        assert finished.back == "/rooms/oslo"
        signed = await signed_in(r)
        assert signed.person.name == "bob"
        assert signed.web is not None
        proof = signed.web.proof
        assert (proof.how, proof.strong, proof.issuer, proof.outside, proof.outside_session) == (
            "oidc", False, r.double.issuer, "sub-1", "sid-1",
        )  # fmt: skip
        assert signed.web.agent == "a browser"


async def test_an_unknown_subject_is_refused_and_mail_makes_nobody_known(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        r.double.subject, r.double.claims = "sub-2", {"email": "bob", "preferred_username": "bob"}
        with pytest.raises(NotLinked):
            await r.sign_in()
        assert {p.name for p in await r.hub.parts.identity.people()} == {"ada", "bob"}
        assert (await r.hub.kinds())[-1] == "signin.failed"


async def test_who_may_not_sign_in_is_refused_like_who_is_unknown(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        said = []
        identity, admin = r.hub.parts.identity, r.hub.admin
        await identity.set_active("bob", False, admin)
        with pytest.raises(NotLinked) as no:
            await r.sign_in()
        said.append(str(no.value))
        await identity.set_active("bob", True, admin)
        await r.hub.parts.grants.lock("person", "bob", "test", admin)
        with pytest.raises(NotLinked) as no:
            await r.sign_in()
        said.append(str(no.value))
        await identity.delete("bob", admin)
        for subject in ("sub-1", "sub-unknown"):
            r.double.subject = subject
            with pytest.raises(NotLinked) as no:
                await r.sign_in()
            said.append(str(no.value))
        assert len(set(said)) == 1


async def test_strangers_come_in_where_the_configuration_says_so_without_a_right(tmp_path: Path) -> None:
    async with rig(tmp_path, create=True) as r:
        r.double.claims = {"preferred_username": "ada"}  # taken: nobody becomes ada by calling themselves so
        signed = await signed_in(r)
        assert signed.person.name.startswith("ada ")
        assert (signed.person.roles, signed.person.kind) == (frozenset(), Kind.PERSON)
        assert (await signed_in(r)).person.id == signed.person.id
        r.double.subject, r.double.claims = "sub-2", {"name": "person_x:"}
        assert (await signed_in(r)).person.name == "guest"
        await r.hub.parts.identity.delete("guest", r.hub.admin)
        with pytest.raises(NotLinked):  # the deleted do not come back as somebody new
            await r.sign_in()


async def test_a_second_factor_there_counts_where_the_configuration_says_so(tmp_path: Path) -> None:
    async with rig(tmp_path, strong=("mfa", "urn:strong")) as r:
        await r.linked("bob")
        for claims, strong in (
            ({"amr": ["pwd"]}, False), ({"amr": ["pwd", "mfa"]}, True), ({"acr": "urn:strong"}, True),
            ({"acr": ["urn:strong"]}, False), ({"amr": "mfa"}, False),
        ):  # fmt: skip
            r.double.claims = claims
            signed = await signed_in(r)
            assert signed.web is not None
            assert signed.web.proof.strong is strong, claims


async def test_the_secret_may_go_in_the_form(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        r.double.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        assert (await signed_in(r)).person.name == "bob"


# ---- groups and roles -------------------------------------------------------------------------------

ROLES = {
    "roles": {"desk": ("service-desk",), "audit": ("auditor",), "root": ("administrator",)},
    "strong_groups": ("root",),
}


async def test_groups_give_and_take_the_roles_of_the_provider_and_no_others(tmp_path: Path) -> None:
    async with rig(tmp_path, **ROLES) as r:
        await r.linked("bob", "security-officer")
        for groups, roles in (
            (["desk", "unknown"], {"service-desk"}), (["audit", "desk"], {"auditor", "service-desk"}),
            ("audit", {"auditor"}), (["root"], {"administrator"}), ({"root": 1}, set()), (None, set()),
        ):  # fmt: skip
            r.double.claims = {"groups": groups}
            assert (await signed_in(r)).person.roles == roles | {"security-officer"}, groups


async def test_a_role_that_is_taken_goes_the_way_of_every_change_of_roles(tmp_path: Path) -> None:
    async with rig(tmp_path, **ROLES) as r:
        await r.linked("bob")
        await r.hub.person("eve")
        await r.hub.rooms("oslo")
        r.double.claims = {"groups": ["root"]}
        await signed_in(r)
        boss, _ = await r.hub.token("bob")  # the provider vouches for no second factor here
        await r.hub.grant("eve", "oslo", by=boss)
        r.double.claims = {}
        assert (await signed_in(r)).person.roles == frozenset()
        assert [one.cause for one in r.hub.heard[-2:]] == [Cause.ROLE_CHANGED, Cause.GRANT_NARROWED]


async def test_a_strong_role_comes_from_a_strong_group_alone(tmp_path: Path) -> None:
    async with rig(tmp_path, roles=ROLES["roles"]) as r:
        await r.linked("bob")
        r.double.claims = {"groups": ["root", "desk"]}
        assert (await signed_in(r)).person.roles == {"service-desk"}


async def test_the_last_administrator_stays_one(tmp_path: Path) -> None:
    async with rig(tmp_path, **ROLES) as r:
        await r.sign_on.link("ada", r.double.issuer, "sub-1", r.hub.admin)
        assert (await signed_in(r)).person.roles == {"administrator"}


# ---- a provider that lies ---------------------------------------------------------------------------

LIES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("another issuer", {"iss": "https://evil.example.com"}, {}, "token.iss"),
    ("an issuer that only looks alike", {"iss": "https://id.example.com/"}, {}, "token.iss"),
    ("another audience", {"aud": "somebody"}, {}, "token.aud"),
    ("more than one audience", {"aud": [CLIENT, "somebody"]}, {}, "token.aud"),
    ("another party", {"azp": "somebody"}, {}, "token.azp"),
    ("another nonce", {"nonce": "x"}, {}, "token.nonce"),
    ("no nonce", {"nonce": None}, {}, "token.nonce"),
    ("no algorithm", {}, {"alg": "none"}, "token.alg"),
    ("HS256 with the public key", {}, {"alg": "HS256", "kid": "rsa"}, "token.alg"),
    ("an algorithm that is not allowed", {}, {"alg": "ES384"}, "token.alg"),
    ("a key of another kind", {}, {"alg": "RS256"}, "token.kid"),
    ("an unknown key", {}, {"kid": "two"}, "token.kid"),
    ("a key by a path", {}, {"kid": "../../../../dev/null"}, "token.kid"),
    ("a key by an address", {}, {"jku": "https://evil.example.com/keys"}, "token.header"),
    ("a certificate by an address", {}, {"x5u": "https://evil.example.com/c"}, "token.header"),
    ("a key in the header", {}, {"jwk": public_jwk("two")}, "token.header"),
    ("an extension that is critical", {}, {"crit": ["b64"]}, "token.header"),
    ("a name that is no text", {}, {"kid": 7}, "token.header"),
    ("a logout token", {}, {"typ": "logout+jwt"}, "token.typ"),
    ("over", {"exp": 0}, {}, "token.exp"),
    ("without an end", {"exp": None}, {}, "token.exp"),
    ("an end that is no number", {"exp": True}, {}, "token.exp"),
    ("of the future", {"iat": 4_000_000_000}, {}, "token.iat"),
    ("not yet good", {"nbf": 4_000_000_000}, {}, "token.nbf"),
    ("no subject", {"sub": None}, {}, "token.sub"),
    ("a subject that is no text", {"sub": 7}, {}, "token.sub"),
    ("another access token's", {"at_hash": "x"}, {}, "token.at_hash"),
]


async def test_each_lie_is_refused_and_nothing_is_opened(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        before = await webs(r)
        for what, claims, header, why in LIES:
            r.double.claims, r.double.header = claims, header
            with pytest.raises(Unproven) as no:
                await r.sign_in()
            assert no.value.why == why, what
            r.hub.clock.advance(1000)  # what failed is forgotten, and keys may be looked for again
        r.double.claims, r.double.header = {}, {}
        r.double.signer = "two"  # signed by a key that was never published, under the name of one that was
        r.double.header = {"kid": "one"}
        with pytest.raises(Unproven, match="does not hold") as no:
            await r.sign_in()
        assert no.value.why == "token.signature"
        assert await webs(r) == before
        failed = [one for one in await r.hub.events() if isinstance(one, SignInFailed)]
        assert [one.reason for one in failed] == [*(why for *_, why in LIES), "token.signature"]


async def test_within_the_leeway_of_a_minute_clocks_may_differ(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        now = r.double.now()
        for claims in ({"exp": now - 59}, {"iat": now + 59}, {"nbf": now + 59}):
            r.double.claims = claims
            assert (await signed_in(r)).person.name == "bob"
        for claims in ({"exp": now - 61}, {"iat": now + 62}, {"nbf": now + 62}):
            r.double.claims = claims
            with pytest.raises(Unproven):
                await r.sign_in()


async def test_a_claim_that_is_required_must_be_there(tmp_path: Path) -> None:
    async with rig(tmp_path, require={"hd": "example.com"}) as r:
        await r.linked("bob")
        for claims in ({}, {"hd": "example.org"}, {"hd": ["example.com"]}):
            r.double.claims = claims
            with pytest.raises(Unproven, match="does not hold"):
                await r.sign_in()
        r.double.claims = {"hd": "example.com"}
        assert (await signed_in(r)).person.name == "bob"


async def test_what_is_no_answer_of_a_token_endpoint_opens_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        for answer in (
            {"id_token": None}, {"id_token": "a.b"}, {"id_token": "a.b.c.d"}, {"id_token": "é.b.c"},
            {"id_token": f"{b64(b'[]')}.b.c"}, {"token_type": "mac"}, {"id_token": "x" * 70_000},
        ):  # fmt: skip
            r.double.answer = answer
            with pytest.raises(Unproven):
                await r.sign_in()
            r.hub.clock.advance(1000)


# ---- whose answer it is -----------------------------------------------------------------------------


async def test_an_answer_belongs_to_the_browser_that_began_and_is_good_once(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        answered, cookie = await r.begin()
        _, others = await r.begin()
        for brought, why in (("", "answer.cookie"), (cookie[:-4] + "AAAA", "answer.cookie"), (others, "answer.state")):
            with pytest.raises(Unproven) as no:
                await r.finish(answered, brought)
            assert no.value.why == why
        assert (await r.finish(answered, cookie)).cookie is not None
        with pytest.raises(Unproven) as no:
            await r.finish(answered, cookie)
        assert no.value.why == "answer.again"


async def test_a_code_that_was_used_is_refused_by_the_provider_and_so_by_us(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        first, cookie = await r.begin()
        await r.finish(first, cookie)
        second, cookie = await r.begin()
        with pytest.raises(ProviderAway):
            await r.finish(replace(second, code=first.code), cookie)


async def test_an_answer_comes_within_ten_minutes(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        answered, cookie = await r.begin()
        r.hub.clock.advance(601)
        with pytest.raises(Unproven) as no:
            await r.finish(answered, cookie)
        assert no.value.why == "answer.late"


async def test_a_mix_up_of_two_providers_is_refused(tmp_path: Path) -> None:
    async with rig(tmp_path, "other") as r:
        await r.linked("bob")
        answered, cookie = await r.begin("other")
        with pytest.raises(Unproven) as no:
            await r.finish(answered, cookie, "corp")
        assert no.value.why == "answer.provider"
        r.hub.clock.advance(1000)
        answered, cookie = await r.begin()
        with pytest.raises(Unproven) as no:
            await r.finish(replace(answered, iss="https://other.example.com"), cookie)
        assert no.value.why == "answer.iss"


async def test_a_provider_that_announces_its_name_must_give_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        r.double.metadata = {"authorization_response_iss_parameter_supported": True}
        answered, cookie = await r.begin()
        with pytest.raises(Unproven) as no:
            await r.finish(answered, cookie)
        assert no.value.why == "answer.iss"
        assert (await r.finish(replace(answered, iss=r.double.issuer), cookie)).cookie is not None


async def test_two_providers_vouch_each_for_its_own_subjects(tmp_path: Path) -> None:
    async with rig(tmp_path, "other") as r:
        await r.linked("bob")
        with pytest.raises(NotLinked):  # the same subject at another issuer is somebody else
            await r.sign_in("other")
        await r.hub.person("eve")
        await r.sign_on.link("eve", r.others["other"].issuer, "sub-1", r.hub.admin)
        assert (await signed_in(r, "other")).person.name == "eve"
        assert (await signed_in(r)).person.name == "bob"


async def test_a_refusal_there_is_one_here_and_trying_again_is_slowed(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        answered, cookie = await r.begin()
        for _ in range(300):
            with pytest.raises(Unproven):
                await r.finish(replace(answered, code="", error="access_denied"), cookie)
        with pytest.raises(TooManyTries):
            await r.finish(answered, cookie)
        with pytest.raises(NotFound):
            await r.sign_on.begin("nobody", "/")


# ---- what a provider may cost -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (METADATA, httpx.Response(302, headers={"location": "https://evil.example.com/"})),
        (METADATA, httpx.Response(200, content=b"{" + b" " * 300_000 + b"}")),
        (METADATA, httpx.Response(200, content=b"[]")),
        (METADATA, httpx.Response(200, content=b"[" * 100_000)),
        (METADATA, httpx.Response(200, json={"issuer": "https://evil.example.com"})),
        (METADATA, httpx.Response(200, content=gzip.compress(b"{}"), headers={"content-encoding": "gzip"})),
        (KEYS, httpx.Response(302, headers={"location": "https://evil.example.com/keys"})),
        (KEYS, httpx.Response(200, content=b'{"keys":[' + b"{}," * 100_000 + b"{}]}")),
        (KEYS, httpx.Response(200, json={"keys": [{}] * 200})),
        (KEYS, httpx.Response(200, json={"keys": {}})),
        (KEYS, httpx.Response(200, json={"keys": [{"kty": "EC", "crv": "P-256", "kid": "one", "x": 1, "y": "é"}]})),
        (TOKEN, httpx.Response(500)),
        (TOKEN, httpx.Response(307, headers={"location": "https://evil.example.com/token"})),
    ],
)
async def test_an_answer_that_is_not_as_it_should_be_opens_nothing(
    tmp_path: Path, path: str, answer: httpx.Response
) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        before = await webs(r)
        r.double.instead[path] = answer
        with pytest.raises((Unproven, ProviderAway)):
            await r.sign_in()
        assert await webs(r) == before


@pytest.mark.parametrize("path", [METADATA, KEYS, TOKEN])
async def test_a_provider_that_never_answers_holds_up_nobody_for_long(tmp_path: Path, path: str) -> None:
    async with rig(tmp_path, within_s=0.05) as r:
        await r.linked("bob")
        r.double.slow.add(path)
        with pytest.raises(ProviderAway):
            await r.sign_in()


FOREIGN = [
    "http://id.example.com/keys", "https://evil.example.com/keys", "https://id.example.com:444/keys",
    "https://id.example.com@evil.example.com/", "https://id.example.com\r\nx: y/", "//id.example.com/", "", 7,
]  # fmt: skip


async def test_no_other_address_is_asked(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        for key in ("jwks_uri", "token_endpoint", "authorization_endpoint"):
            for url in FOREIGN:
                r.double.metadata = {key: url}
                with pytest.raises(Unproven) as no:
                    await r.sign_on.begin("corp", "/")
                assert no.value.why == f"metadata.{key}", url
        assert set(r.double.asked) == {METADATA}


async def test_an_unknown_key_is_looked_for_once_a_minute(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        await r.sign_in()
        r.double.signer = "two"
        for _ in range(3):
            with pytest.raises(Unproven):
                await r.sign_in()
        assert r.double.asked.count(KEYS) == 1
        r.hub.clock.advance(61)
        r.double.published = ["two"]
        assert (await signed_in(r)).person.name == "bob"
        assert r.double.asked.count(KEYS) == 2
        assert r.double.asked.count(METADATA) == 1


async def test_signing_out_there_too_is_for_the_configuration_and_waits_for_nobody(tmp_path: Path) -> None:
    async with rig(tmp_path, end_session=True, within_s=0.05) as r:
        r.double.metadata = {"end_session_endpoint": f"{r.double.issuer}/end"}
        await r.linked("bob")
        signed = await signed_in(r)
        assert signed.web is not None
        url = await r.sign_on.farewell(signed.web.proof)
        assert url is not None
        assert url.startswith(f"{r.double.issuer}/end?client_id=")
        by_password, _ = await r.hub.sign_in("bob")
        assert by_password.web is not None
        assert await r.sign_on.farewell(by_password.web.proof) is None
        r.hub.clock.advance(3601)
        r.double.slow.add(METADATA)
        assert await r.sign_on.farewell(signed.web.proof) is None


# ---- linking ----------------------------------------------------------------------------------------


async def test_linking_takes_the_right_and_not_beyond_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hub.person("bob")
        await r.hub.person("eve")
        eve, _ = await r.hub.sign_in("eve")
        issuer = r.double.issuer
        with pytest.raises(Forbidden):
            await r.sign_on.link("bob", issuer, "sub-1", eve)
        for bad in (("bob", "https://evil.example.com", "s"), ("bob", issuer, ""), ("bob", issuer, "s" * 256)):
            with pytest.raises(BadInput):
                await r.sign_on.link(*bad, r.hub.admin)
        with pytest.raises(NotFound):
            await r.sign_on.link("nobody", issuer, "sub-1", r.hub.admin)
        await r.sign_on.link("bob", issuer, "sub-1", r.hub.admin)
        with pytest.raises(Conflict):
            await r.sign_on.link("eve", issuer, "sub-1", r.hub.admin)
        with pytest.raises(NotFound):  # somebody else's reads like none
            await r.sign_on.unlink("bob", issuer, "sub-1", eve)
        await r.hub.parts.identity.delete("bob", r.hub.admin)
        await r.sign_on.link("eve", issuer, "sub-1", r.hub.admin)  # what a deleted person had is free
        assert (await signed_in(r)).person.name == "eve"


async def test_unlinking_ends_what_was_signed_in_to_that_way(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        signed = await signed_in(r)
        other, _ = await r.hub.sign_in("bob")
        with pytest.raises(NotFound):
            await r.sign_on.unlink("ada", r.double.issuer, "sub-1", r.hub.admin)
        await r.sign_on.unlink("bob", r.double.issuer, "sub-1", r.hub.admin)
        last = r.hub.heard[-1]
        assert (last.cause, last.kind, last.subject) == (
            Cause.FACTOR_CHANGED, SubjectKind.CREDENTIAL, signed.principal.credential,
        )  # fmt: skip
        alive = r.hub.parts.identity.alive
        assert not await r.hub.parts.db.read(lambda conn: alive(conn, signed.principal))
        assert await r.hub.parts.db.read(lambda conn: alive(conn, other.principal))
        with pytest.raises(NotLinked):
            await r.sign_in()


async def test_one_links_ones_own_while_signed_in(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.hub.person("bob")
        bob, _ = await r.hub.sign_in("bob")
        with pytest.raises(Forbidden):  # by a password alone nobody of great rights adds another way in
            await r.sign_on.begin("corp", "/settings", await r.hub.weak("ada"))
        token, _ = await r.hub.token("bob")
        with pytest.raises(BadInput):
            await r.sign_on.begin("corp", "/settings", token)
        url, cookie = await r.sign_on.begin("corp", "/settings", bob)
        finished = await r.finish(r.double.authorize(url), cookie)
        assert (finished.cookie, finished.back) == (None, "/settings")
        assert (await signed_in(r)).person.name == "bob"
        url, cookie = await r.sign_on.begin("corp", "/settings", bob)
        await r.hub.parts.identity.sign_out(bob)
        with pytest.raises(Unproven) as no:
            await r.finish(r.double.authorize(url), cookie)
        assert no.value.why == "answer.web"


# ---- signed out there -------------------------------------------------------------------------------


async def alive(r: Rig, signed: Signed) -> bool:
    return await r.hub.parts.db.read(lambda conn: r.hub.parts.identity.alive(conn, signed.principal))


async def test_a_logout_ends_the_sign_ins_that_it_names_and_no_others(tmp_path: Path) -> None:
    async with rig(tmp_path, "other") as r:
        await r.linked("bob")
        await r.sign_on.link("bob", r.others["other"].issuer, "sub-1", r.hub.admin)
        first = await signed_in(r)
        r.double.sid = "sid-2"
        second = await signed_in(r)
        elsewhere, (by_password, _) = await signed_in(r, "other"), await r.hub.sign_in("bob")
        token, _ = await r.hub.token("bob")
        assert await r.sign_on.logout("corp", r.double.logout_token(sub=None, sid="sid-1"), "192.0.2.9") == 1
        last = r.hub.heard[-1]
        assert (last.cause, last.kind, last.subject, last.by) == (
            Cause.PROVIDER_SIGNED_OUT, SubjectKind.CREDENTIAL, first.principal.credential, None,
        )  # fmt: skip
        assert [await alive(r, one) for one in (first, second, elsewhere, by_password, token)] == [False] + [True] * 4
        r.double.sid = None
        third = await signed_in(r)
        assert await r.sign_on.logout("corp", r.double.logout_token(), "192.0.2.9") == 2
        assert [await alive(r, one) for one in (second, third, elsewhere, by_password, token)] == [
            False, False, True, True, True,
        ]  # fmt: skip
        assert {one.cause for one in r.hub.heard[-2:]} == {Cause.PROVIDER_SIGNED_OUT}


async def test_a_device_that_was_signed_in_from_there_falls_with_it_and_a_token_stays(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        there, identity = await signed_in(r), r.hub.parts.identity
        begun, secret = identity.devices.begin("laptop", 60, None, "192.0.2.9")
        device = await identity.allow_device(begun.code, there, "192.0.2.9")
        _, kept = await identity.make_token("bob", 60, "ci", there)
        await identity.sign_out(there)  # the browser's own end is not the shell's
        fetched = identity.devices.fetch(secret.reveal())
        assert fetched is not None
        assert await identity.by_token(fetched.reveal()) is not None
        assert await r.sign_on.logout("corp", r.double.logout_token(sub=None, sid="sid-1"), "192.0.2.9") == 1
        assert (r.hub.heard[-1].cause, r.hub.heard[-1].subject) == (Cause.PROVIDER_SIGNED_OUT, device.id)
        assert await identity.by_token(fetched.reveal()) is None
        assert await identity.by_token(kept.reveal()) is not None


async def test_a_session_that_was_never_named_ends_with_its_subject(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        r.double.sid = None
        await signed_in(r)
        assert await r.sign_on.logout("corp", r.double.logout_token(sub=None, sid="sid-9"), "s") == 0
        assert await r.sign_on.logout("corp", r.double.logout_token(sid="sid-9", jti="j"), "s") == 1


async def test_a_sign_in_that_was_under_way_is_not_opened_after_the_logout(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        for n, claims in enumerate(({}, {"sub": None, "sid": "sid-1"}, {"sid": "sid-1"})):
            answered, cookie = await r.begin()
            await r.sign_on.logout("corp", r.double.logout_token(jti=str(n), **claims), "s")
            with pytest.raises(NotLinked):
                await r.finish(answered, cookie)
            r.hub.clock.advance(1)
            assert (await r.sign_in()).cookie is not None
            r.hub.clock.advance(1000)


BAD_LOGOUTS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"events": None}, {}, "logout.events"),
    ({"events": {}}, {}, "logout.events"),
    ({"events": {"http://schemas.openid.net/event/backchannel-logout": True}}, {}, "logout.events"),
    ({"events": ["http://schemas.openid.net/event/backchannel-logout"]}, {}, "logout.events"),
    ({"nonce": "n"}, {}, "logout.nonce"),
    ({"sub": None}, {}, "logout.whom"),
    ({"sub": 7}, {}, "token.sub"),
    ({"jti": None}, {}, "token.jti"),
    ({"iat": None}, {}, "token.iat"),
    ({"exp": None}, {}, "token.exp"),
    ({"exp": 0}, {}, "token.exp"),
    ({"iss": "https://evil.example.com"}, {}, "token.iss"),
    ({"aud": "somebody"}, {}, "token.aud"),
    ({}, {"typ": None}, "logout.typ"),
    ({}, {"typ": "JWT"}, "logout.typ"),
    ({}, {"alg": "none"}, "token.alg"),
    ({}, {"alg": "HS256"}, "token.alg"),
    ({}, {"kid": "two"}, "token.kid"),
    ({}, {"jku": "https://evil.example.com/keys"}, "token.header"),
]


async def test_a_logout_token_that_lies_ends_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        signed = await signed_in(r)
        for claims, header, why in BAD_LOGOUTS:
            r.double.claims, r.double.header = claims, header
            with pytest.raises(Unproven) as no:
                await r.sign_on.logout("corp", r.double.logout_token(), "s")
            assert no.value.why == why, (claims, header)
        r.double.claims, r.double.header = {"iat": r.double.now() - 361}, {}
        with pytest.raises(Unproven) as no:
            await r.sign_on.logout("corp", r.double.logout_token(), "s")
        assert no.value.why == "logout.iat"
        r.double.claims = {}
        id_token = r.double.made({"sub": "sub-1", "nonce": "n", "sid": "sid-1"})
        for text in (id_token, "", "a.b.c", "..", "x" * 100_000):
            with pytest.raises(Unproven):
                await r.sign_on.logout("corp", text, "s")
        assert await alive(r, signed)
        assert all(one.cause is not Cause.PROVIDER_SIGNED_OUT for one in r.hub.heard)


async def test_a_logout_token_is_played_once(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.linked("bob")
        token = r.double.logout_token()
        await r.sign_on.logout("corp", token, "s")
        r.hub.clock.advance(1)
        signed = await signed_in(r)
        with pytest.raises(Unproven) as no:
            await r.sign_on.logout("corp", token, "s")
        assert no.value.why == "logout.jti"
        assert await alive(r, signed)


async def test_logout_tokens_without_a_type_are_for_the_configuration_to_allow(tmp_path: Path) -> None:
    async with rig(tmp_path, accept_untyped_logout=True) as r:
        r.double.header = {"typ": None}
        assert await r.sign_on.logout("corp", r.double.logout_token(), "s") == 0
        r.double.header = {"typ": "at+jwt"}
        with pytest.raises(Unproven):
            await r.sign_on.logout("corp", r.double.logout_token(jti="2"), "s")


async def test_a_stranger_who_floods_is_slowed_and_the_provider_is_not(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        said: set[type[RoomgateError]] = set()
        for _ in range(310):
            with pytest.raises(RoomgateError) as no:
                await r.sign_on.logout("corp", "x", "203.0.113.1")
            said.add(type(no.value))
        assert said == {Unproven, TooManyTries}
        assert await r.sign_on.logout("corp", r.double.logout_token(), "198.51.100.1") == 0
        with pytest.raises(NotFound):
            await r.sign_on.logout("nobody", "x", "198.51.100.1")
