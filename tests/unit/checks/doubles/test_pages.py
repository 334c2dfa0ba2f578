from roomgate.checks.doubles import device_pages, pages
from roomgate.checks.forms import has_password_field
from roomgate.checks.likeness import skeleton_likeness

DEVICE = device_pages.show("/web/signin", "Oak", "S1")
HOSTILE = '"><script>alert(1)</script>'


def test_its_own_entrance_is_unlike_the_devices():
    own = pages.sign_in("token", "/")
    assert has_password_field(own)
    assert skeleton_likeness(own, DEVICE) < 0.5


def test_the_imitated_one_is_the_devices_and_leads_here():
    copy = pages.imitated(DEVICE, "token", "/")
    assert skeleton_likeness(copy, DEVICE) > 0.8
    assert 'action="/signin"' in copy
    assert "/web/signin" not in copy


def test_something_is_added_to_the_doctored_one():
    home = device_pages.show("/web/", "Oak", "S1")
    assert "Added on the way" in pages.doctored(home)
    assert pages.doctored(home).startswith(home[:100])


def test_every_fact_is_escaped():
    shown = [
        pages.home(HOSTILE, [HOSTILE], HOSTILE, "en"), pages.sign_in(HOSTILE, HOSTILE, HOSTILE),
        pages.room(HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, HOSTILE, HOSTILE), pages.imitated(DEVICE, HOSTILE, HOSTILE),
    ]  # fmt: skip
    assert not [one for one in shown if "<script>alert" in one]


def test_the_front_page_names_no_room():
    assert "Oak" not in pages.front() + pages.nothing()
