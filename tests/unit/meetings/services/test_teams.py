import pytest

from roomgate.meetings.services.teams import recognise
from support.meetings import evidence_of

LINK = "https://teams.microsoft.com/meet/228859003479315?p=tok\nMeeting ID: 228 859 003 479 315\n"


def first(text: str) -> tuple[str | None, str | None] | None:
    seen = recognise(evidence_of(text))
    return (seen.offers[0].join.address, seen.offers[0].domain) if seen else None


@pytest.mark.parametrize(
    ("text", "address", "domain"),
    [
        ("Tenant key: ex@m.webex.com\nVideo ID: 119 856 328 6", "1198563286.ex@m.webex.com", None),
        ("Tenant key:\nex@m.webex.com\nVTC Conference ID:\n0198563286", "0198563286.ex@m.webex.com", None),
        ("1198563286.ex@m.webex.com", "1198563286.ex@m.webex.com", None),
        ("https://dialin.plcm.vc/teams/?key=813878896&conf=1187654321", "813878896.1187654321@t.plcm.vc", None),
        ("Tenant key: teams@x.onpexip.com\nVideo ID: 0123456789", "0123456789@x.onpexip.com", None),
        ("https://pexip.me/teams/v.example.com/0123456789", "0123456789@v.example.com", "v.example.com"),
    ],
)
def test_gateways(text, address, domain):
    assert first(LINK + text) == (address, domain)


def test_the_meeting_id_is_never_dialled():
    seen = recognise(evidence_of(LINK))
    assert seen is not None
    assert {offer.join.how for offer in seen.offers} == {"native"}


@pytest.mark.parametrize(
    "text",
    [
        LINK.replace("teams.microsoft.com", "teams.microsoft.com.evil.example"),
        "https://teams.microsoft.com/l/channel/x",
        "https://www.webex.com/msteams?confid=1198563286&tenantkey=ex&domain=evil.example",
        "https://pexip.me/teams/127.0.0.1/0123456789",
    ],
)
def test_what_is_no_teams_meeting(text):
    assert recognise(evidence_of(text)) is None
