import time

from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings import plaintext


def test_scripts_styles_and_comments_vanish_and_links_stay():
    text = plaintext.from_html(
        '<!-- a --><style>b</style><script>c</script><p>d <a href="https://e.example/?f=1&amp;g=2">h</a></p>i'
    )
    assert text.split() == ["d", "h", "<https://e.example/?f=1&g=2>", "i"]


def test_an_open_script_swallows_the_rest():
    assert plaintext.from_html("a<script>https://zoom.us/j/123456789").strip() == "a"


def test_angled_links_of_plain_mailers_stay():
    assert "https://e.example/x" in plaintext.from_html("<p>see <https://e.example/x></p>")


def test_control_characters_never_glue_words():
    assert plaintext.clean("a\x00b\u200bc\u202ed\u2028e\r\nf\rg\th") == "a\ufffdb c d e\nf\ng h"


def test_escaped_control_characters_are_marked_after_unescaping():
    assert plaintext.from_html("<p>a&#8203;b</p>").strip() == "a b"


def test_a_title_is_one_short_line():
    assert plaintext.line("a\n b\x07" + "c" * 500) == ("a b " + "c" * 500)[:200]


def test_the_text_is_cut():
    assert plaintext.reduce("x" * 300_000) == ("x" * plaintext.MOST_TEXT, True)


def test_hostile_markup_takes_linear_time():
    began = time.perf_counter()
    for piece in ("<script", "<!--", "<a href=", "<", "<a <a href='", "&#x"):
        plaintext.reduce((piece * 100_000)[: plaintext.MOST_TEXT], markup=True)
    assert time.perf_counter() - began < 5


@given(st.text())
def test_any_text(text):
    made = plaintext.from_html(text)
    made.encode()
    assert not any(ord(sign) < 32 and sign != "\n" for sign in made)
