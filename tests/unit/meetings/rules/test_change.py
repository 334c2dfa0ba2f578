import pytest

from roomgate.meetings.rules.catalogue import Catalogue, shipped
from roomgate.meetings.rules.change import Kind, compare
from roomgate.meetings.rules.form import SampleForm
from roomgate.meetings.rules.samples import build_invitation
from roomgate.meetings.understand import DeviceAbilities
from support.packs import OWN, own, with_own

SITE = DeviceAbilities(allowed_domains=frozenset({"example.com"}))
ZOOM = "https://us02web.zoom.us/j/85512345678"


def zoom_as(address: str) -> Catalogue:
    text = OWN.replace('"bridge"', '"zoom"').replace("Bridge:\\s*(?P<number>[0-9]{4,8})", "/j/(?P<number>[0-9]{9,11})")
    return shipped().with_own([own(text.replace("{number}@video.example.com", address))])


@pytest.mark.parametrize(
    ("text", "after", "kind", "risky"),
    [
        ("Bridge: 4711", with_own(), Kind.GAINED, False),
        ("Lunch", with_own(), Kind.SAME, False),
        (ZOOM, with_own(), Kind.SAME, False),
        (ZOOM, zoom_as("{number}@video.example.com"), Kind.MOVED, True),
        (ZOOM, zoom_as("{number}@video.example.net"), Kind.LOST, True),
        (ZOOM, zoom_as("{number}@zoomcrc.com"), Kind.TOLD, False),
    ],
)
def test_what_becomes_of_a_button(text, after, kind, risky):
    one = build_invitation(SampleForm("past", "none", text=text))
    (change,) = compare([one], SITE, shipped(), after)
    assert (change.kind, change.risky) == (kind, risky)
