"""Ordinary sign-in pages are not like a device's own; copies are, whatever was changed in them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.face import Face, compare, parse_face
from roomgate.sim.servers.asgi import load_file
from support.signin_pages import COPIES, DEVICE, ORDINARY

GOLDEN = parse_face(DEVICE, "https://device.example/web/signin")


def test_there_are_enough_of_both():
    assert len(ORDINARY) == 10
    assert len(COPIES) >= 5
    assert GOLDEN.known
    assert not parse_face(ORDINARY["labels and a heading"]).known
    assert parse_face(load_file("signin.html").decode()).known  # the simulated device's


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_page_is_another(name):
    page = parse_face(ORDINARY[name])
    assert page.password
    assert compare(page, GOLDEN).verdict == "other"
    assert compare(page, GOLDEN, picture=20).verdict == "other"


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_one(name):
    page = parse_face(COPIES[name])
    found = compare(page, GOLDEN)
    assert found.verdict == "copy"
    assert found.evidence


def test_no_ordinary_page_is_a_copy_of_another_ordinary_one():
    """Whichever of them were a device's: plain forms are alike everywhere, and that proves nothing."""
    faces = {name: parse_face(page) for name, page in ORDINARY.items()}
    copies = [
        (one, other)
        for one in faces
        for other in faces
        if one != other and compare(faces[one], faces[other]).verdict == "copy"
    ]
    assert copies == []


def test_the_elements_alone_are_unclear_and_with_the_picture_a_copy():
    bare = re.sub(r"<svg.*?</svg>", "<svg></svg>", COPIES["with other words"], flags=re.S).replace("pano", "x")
    bare = bare.replace("board", "b").replace("stayOpen", "s").replace("Pano ", "V ").replace("Serial ends in", "No.")
    bare = (
        bare.replace("<li>Software", "<li>V")
        .replace("<li>Serial", "<li>No", 1)
        .replace("<footer>A vendor</footer>", "")
    )
    page = parse_face(bare)
    far = compare(Face(page.bones[:18], password=True), GOLDEN, picture=30)
    close = compare(Face(page.bones[:22], password=True), GOLDEN, picture=3)
    assert (far.verdict, close.verdict) == ("other", "copy"), (far, close)
    assert compare(Face(page.bones[:22], password=True), GOLDEN).verdict in ("unclear", "other")


def test_a_shared_logo_alone_is_no_copy_and_no_pass():
    mark = re.findall(r"<svg.*?</svg>", DEVICE, flags=re.S)[0]
    page = parse_face(ORDINARY["of a meeting room vendor"].replace("<main>", f"<main>{mark}"))
    assert compare(page, GOLDEN).verdict == "unclear"


def test_where_the_password_goes():
    face = parse_face(DEVICE, "https://connector.example/d/7f/signin")
    assert face.actions == ("https://connector.example/web/signin",)
    two = parse_face(
        '<form action="/find"><input name=q></form><form action="//b.example/in"><input type=password></form>',
        "https://a.example/",
    )
    assert two.actions == ("https://b.example/in",)
    assert parse_face("<input type=password>", "https://a.example/x").actions == ("https://a.example/x",)
    assert not parse_face("<p>password</p><input name=password>").password


def test_everyday_names_and_words_are_nobody_s_own():
    face = parse_face(
        '<form class="login-form" id="signin"><label for=username>User name</label><input name="username" id="username"></form>'
    )
    assert (face.marks, face.phrases) == (frozenset(), frozenset())
    own = parse_face('<form id="panoGate"><p>Look after the board</p><img src="/a/pano-logo.png"></form>')
    assert own.marks == {"panogate", "pano-logo.png"}
    assert own.phrases == {"look after the board"}


markup = st.text("<>/=\"' \n!-&;#\x00éinputypeaswordformsvgd:", max_size=120)


@given(markup, markup)
def test_any_rubbish_has_a_face(one, other):
    found = compare(parse_face(one, other), parse_face(other, one))
    assert 0.0 <= found.bones <= 1.0
    assert found.verdict in ("copy", "other", "unclear")
