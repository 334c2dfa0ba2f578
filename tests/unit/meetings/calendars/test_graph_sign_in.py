from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import RSAKey

from roomgate.errors import BadInput
from roomgate.meetings.calendars.base import CalendarRefused
from roomgate.meetings.calendars.graph_sign_in import ASSERTED_S, GraphSignIn, build_assertion
from support.cloud_double import Asked
from support.cloud_rig import certificate_pem, graph_rig, private_pem, rsa_key
from support.graph_double import CLIENT, TENANT, GraphDouble


def body_of(form):
    return urlencode(form).encode()


NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
LOGIN, GRAPH = "https://login.example", "https://graph.example"


def sign_in(folder, text, name="certificate_file"):
    (folder / "file").write_text(text)
    return GraphSignIn(TENANT, CLIENT, LOGIN, GRAPH, **{name: folder / "file"})


def test_with_a_secret(tmp_path):
    asked = sign_in(tmp_path, "hush\n", "secret_file").load_request(NOW)
    assert asked.url == f"{LOGIN}/{TENANT}/oauth2/v2.0/token"
    assert asked.form == {
        "client_id": CLIENT, "grant_type": "client_credentials", "scope": f"{GRAPH}/.default", "client_secret": "hush",
    }  # fmt: skip


def test_with_a_certificate_nothing_secret_is_sent(tmp_path):
    key = rsa_key()
    form = sign_in(tmp_path, private_pem(key) + certificate_pem(key)).load_request(NOW).form
    assert "client_secret" not in form
    token = jwt.decode(form["client_assertion"], RSAKey.import_key(key.public_key()), algorithms=["PS256"])
    assert token.header["alg"] == "PS256"
    assert token.claims["exp"] - token.claims["nbf"] == ASSERTED_S
    assert token.claims["nbf"] == int(NOW.timestamp())


def test_each_statement_has_a_name_of_its_own(tmp_path):
    key = rsa_key()
    one = sign_in(tmp_path, private_pem(key) + certificate_pem(key))
    assert one.load_request(NOW).form["client_assertion"] != one.load_request(NOW).form["client_assertion"]


@pytest.mark.asyncio
async def test_the_service_takes_it_and_no_other(tmp_path):
    rig = graph_rig(tmp_path)
    rig.double.certificate = certificate_pem(rsa_key()).encode()
    for name, status in (("one", 200), ("two", 401)):
        key = rsa_key(name)
        file = tmp_path / f"{name}.pem"
        file.write_text(private_pem(key) + certificate_pem(key))
        here = GraphSignIn(TENANT, CLIENT, rig.double.origin, rig.double.origin, certificate_file=file)
        asked = here.load_request(rig.clock.now())
        answer = await rig.web.ask("POST", asked.url, body=body_of(asked.form), take={401})
        assert answer.status == status


@pytest.mark.parametrize("late_s", [0, ASSERTED_S - 1, ASSERTED_S, -1])
def test_the_double_minds_the_times(late_s):
    key = rsa_key()
    double = GraphDouble(origin=LOGIN, certificate=certificate_pem(key).encode())
    endpoint = f"{LOGIN}/{TENANT}/oauth2/v2.0/token"
    said = build_assertion(private_pem(key) + certificate_pem(key), CLIENT, endpoint, double.clock.now(), "n1")
    double.clock.advance(late_s)  # type: ignore[attr-defined]
    form = {
        "client_id": CLIENT, "grant_type": "client_credentials", "scope": f"{LOGIN}/.default", "client_assertion": said,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }  # fmt: skip
    asked = Asked("POST", f"/{TENANT}/oauth2/v2.0/token", {}, {}, body_of(form))
    assert double.sign_in(asked).status == (200 if 0 <= late_s < ASSERTED_S else 401)
    assert double.sign_in(asked).status == 401  # the same statement twice


@pytest.mark.parametrize("what", ["empty", "rubbish", "no key", "no certificate", "another's", "elliptic", "locked"])
def test_what_is_no_use_is_told(tmp_path, what):
    key, other = rsa_key(), ec.generate_private_key(ec.SECP256R1())
    pem = {
        "empty": "",
        "rubbish": "-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----",
        "no key": certificate_pem(key),
        "no certificate": private_pem(key),
        "another's": private_pem(rsa_key("two")) + certificate_pem(key),
        "elliptic": private_pem(other) + certificate_pem(other),
        "locked": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIBnTBX\n-----END ENCRYPTED PRIVATE KEY-----\n"
        + certificate_pem(key),
    }[what]
    with pytest.raises(CalendarRefused) as told:
        sign_in(tmp_path, pem).load_request(NOW)
    assert "PRIVATE" not in f"{told.value}"


@pytest.mark.parametrize(
    ("tenant", "client"), [("", CLIENT), ("a/b", CLIENT), ("a?b", CLIENT), (TENANT, "x y"), (TENANT, "é")]
)
def test_names_that_would_change_the_address(tmp_path, tenant, client):
    with pytest.raises(BadInput):
        GraphSignIn(tenant, client, LOGIN, GRAPH, secret_file=tmp_path / "x")


def test_one_credential_of_the_two(tmp_path):
    with pytest.raises(BadInput):
        GraphSignIn(TENANT, CLIENT, LOGIN, GRAPH)
    with pytest.raises(BadInput):
        GraphSignIn(TENANT, CLIENT, LOGIN, GRAPH, tmp_path / "a", tmp_path / "b")
