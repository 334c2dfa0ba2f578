import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings import plaintext


def test_scripts_styles_and_comments_vanish_and_links_stay():
    text = plaintext.from_html(
        '<!-- a --><style>b</style><script>c</script><p>d <a href="https://e.example/?f=1&amp;g=2">h</a></p>i'
    )
    assert text.split() == ["d", "h", "<https://e.example/?f=1&g=2>", "i"]


@pytest.mark.parametrize(
    ("target", "base", "leads_to"),
    [
        ("https://e.example/x", None, "https://e.example/x"),
        ("HTTPS:e.example", None, "HTTPS:e.example"),  # for whoever reads links to refuse
        ("//e.example/x", None, "https://e.example/x"),
        ("\\\\e.example/x", None, "https://e.example/x"),
        ("e.example/x", None, "https://e.example/x"),
        ("/x", None, plaintext.NOWHERE + "x"),
        ("x", None, plaintext.NOWHERE + "x"),
        ("#x", None, "#x"),
        ("", "https://b.example/", ""),
        ("/x", "https://b.example/a/", "https://b.example/x"),
        ("x", "https://b.example/a/", "https://b.example/a/x"),
        ("#x", "https://b.example/", "https://b.example/#x"),
        ("e.example/x", "https://b.example/", "https://b.example/e.example/x"),
        ("//e.example/x", "https://b.example/", "https://e.example/x"),
        ("https://e.example/x", "https://b.example/", "https://e.example/x"),
        ("//[", "https://b.example/", plaintext.NOWHERE),
        ("x", "javascript:1", plaintext.NOWHERE),
    ],
)
def test_where_a_link_leads(target, base, leads_to):
    assert plaintext.resolved(target, base) == leads_to


@pytest.mark.parametrize(
    "head",
    [
        '<base href="https://b.example/">',
        '<base hidden style="display:none" href="https://b.example/">',
        "<html><head><title>x</title><BASE target=_top HREF=//b.example/></head>",
        '<base target="_top"><base href="https://b.example/"><base href="https://zoom.us/">',
    ],
)
def test_what_a_document_s_links_are_below(head):
    assert "zoom.us/j/1<https://b.example/j/1>" in plaintext.from_html(f'{head}<a href="/j/1">zoom.us/j/1</a>')


def test_a_link_to_no_host_is_told_only_where_its_words_show_one():
    assert plaintext.from_html('<a href="/help">Help</a>').split() == ["Help"]
    assert plaintext.NOWHERE in plaintext.from_html('<a href="/help">help.example</a>')


@given(st.text(max_size=40), st.none() | st.text(max_size=40))
def test_any_target_leads_somewhere_or_is_none(target, base):
    found = plaintext.resolved(target, base)
    assert found == "" or found.startswith("#") or ":" in found


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


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<a href='https://a.example/'>here</a>", "here <https://a.example/>"),
        ("<a class=x href=https://a.example/ id=y>here</a>", "here <https://a.example/>"),
        ('<A HREF="https://a.example/?x=1&amp;y=2">here\n now</A>', "here now <https://a.example/?x=1&y=2>"),
        ('<a href="https://a.example/">https://b.example/ it</a>', "it https://b.example/␟it<https://a.example/>"),
        ('<a href="https://a.example/"><img src=x></a>', "<https://a.example/>"),
        (
            '<a href="https://a.example/">one<a href="https://b.example/">two',
            "one <https://a.example/> two <https://b.example/>",
        ),
        ("<a name=x>words</a>", "words"),
        ('<a href="#x">words</a>', "words"),
        ('<a data-href="https://a.example/">words</a>', "words"),
        ("a < b > c", "a < b > c"),
        ("<p>1<2</p>", "1<2"),
        ("&lt;b&gt;", "<b>"),
        ("<td>a</td><td>b</td>", "a b"),
        ("<header>a</header>", "a"),
        ("<script>a</SCRIPT >b", "b"),
        ("a<!-- b", "a"),
        ('<div class="gmail_quote">a</div>', "-----Original Message----- a"),
        ('<blockquote type="cite">a</blockquote>', "-----Original Message----- a"),
        ("<blockquote>a</blockquote>", "a"),
        ('a<span style="display:none">b<span>c</span>d</span>e', "ae"),
        ('a<b style="DISPLAY: none !important;">b<br>c</b>e', "ae"),
        ('a<div style="visibility:hidden"><p>b', "a"),
        ('<img style="display:none">a', "a"),
        ("a<p hidden>b<p>c</p></p>e", "a c e"),
        ("a<b title='it\"s' HIDDEN='x'>b</b>e", "ae"),
        ('<p class="a hidden b">a</p>', "a"),
        ("<p aria-hidden='true' data-hidden id=hidden>a</p>", "a"),
        ('a<span style="font-size:0">b<b>c</b></span>e', "ae"),
        ('a<span style="x:y; FONT-SIZE : 0.0px !important">b</span>e', "ae"),
        ("a<span style='font:0/0 a'>b</span>e", "ae"),
        ('a<b style="font-size:0em">b<i style="font-size:200%">c</i><i style="font-size:larger">d</i></b>e', "ae"),
        ('<b style="font-size:0">b<i style="font-size:13px">c<i>d</i>e</i>f</b>g', "cdeg"),
        ('<b style="font-size:0">b<i style="font-size:small">c</i>f</b>g', "cg"),
        ('<b style="font-size:0">b<b>c</b>d</b>e', "e"),
        ('<div style="font-size:0"><p style="font-size:0">b</div>e', "e"),
        ('<p style="font-size:9px">a<b style="font-size:0">b</b>c</p>', "ac"),
        ('<p style="font-size:0.5em">a<span style="font-size:10px">b</span></p>', "ab"),
        ('<p style="font-family:Arial;font-size:14px;line-height:0">a</p>', "a"),
        ('a<p style="font-size:0">&lt;https://e.example/&gt; <https://e.example/></p>', "a"),
        ('<a href="https://a.example/"></a><a href="https://a.example/"> <b>&nbsp;</b></a>', ""),
        ('<a href="https://a.example/"><img style="display:none"></a>', ""),
        ('<a href="https://a.example/"><span style="font-size:0">x</span></a>', ""),
        ('<td style="font-size:0"><a href="https://a.example/"><img src=x></a></td>', "<https://a.example/>"),
        ('<a href="https://a.example/"><v:roundrect>', "<https://a.example/>"),
        ('<p style="display:block">a</p>', "a"),
        ("İ<p>İ</p><script>x</script>İ", "İ İ İ"),
    ],
)
def test_markup(markup, text):
    assert " ".join(plaintext.from_html(markup).split()) == text


def test_blocks_stand_on_lines_of_their_own():
    assert plaintext.from_html("<div>Number</div> <div>1</div>\n<p>a<br></p>b").split("\n") == ["Number", "1", "a", "b"]
    assert plaintext.from_html("a<p>b").split("\n") == ["a", "b"]


def test_a_line_of_the_source_is_no_line_of_a_document_but_one_of_a_note():
    assert plaintext.from_html("<p>Meeting\nID: 1<br>\n2</p>").split("\n") == ["Meeting ID: 1", " 2", ""]
    assert plaintext.from_html("a\nb<br>\n<b>c</b>").split("\n") == ["a", "b", "c"]


def test_words_behind_too_many_links_are_not_read_without_their_targets():
    text = "<a href='#'>x</a>" * (plaintext.MOST_LINKS + 5) + "<a href='https://e.example/'>https://zoom.us/j/1</a>"
    assert "zoom.us" not in plaintext.from_html(text)


def test_what_the_mails_own_encoding_left_behind():
    assert plaintext.reduce("https://e.example/=\na?b=3Dc")[0] == "https://e.example/a?b=c"


def test_wide_digits_and_colons_are_digits_and_colons_but_no_letters_and_dots():
    assert plaintext.reduce("密码：１２３ ｚｏｏｍ．ｕｓ")[0] == "密码:123 ｚｏｏｍ．ｕｓ"


@given(st.text())
def test_any_text(text):
    made = plaintext.from_html(text)
    made.encode()
    assert not any(ord(sign) < 32 and sign != "\n" for sign in made)


SECRET = "secret"


@pytest.mark.parametrize(
    "text",
    [
        '<p title="> secret ">',
        "<img alt='> secret '>",
        '<p title="< secret ">',
        '</p title="> secret ">',
        "<? secret ?>",
        "</ secret >",
        "</<a secret >",
        "<svg><![CDATA[ > secret ]]></svg>",
        "<template>secret</template>",
        "<iframe>secret</iframe>",
        "<script></scriptx>secret</script>",
        "<script><!--<script></script>secret--></script>",
        "<div hidden>secret</div>",
        '<div style="display:none"></div-x>secret</div>',
        '<div style="display:none"><!-- </div> -->secret</div>',
        '<div style="display:none"><p title="</div>">secret</p></div>',
        '<div style="display:none"><script></div></script>secret</div>',
        '<span style="display:none"><div></span>secret</div></span>',
        '<table style="display:none"><b hidden></table>secret',
        '<p style="display:none"><br>secret',
        "<style>.h{display:none}</style><div class='x h'>secret</div>",
        "<div class='x h'>secret</div><style>@media screen{.h{display:none}}</style>",
        "<div style='font-size:0'><b>secret</b></div>",
        "<a href='https://e.example/secret'></a>",
        "<a-b href='https://e.example/secret'>x</a-b>",
        "<a title=' href=https://e.example/secret ' href='https://e.example/'>x</a>",
        "<https://e.example/secret>",
        "<p title='secret",
        "<b hidden>" * 501 + "</b>" * 501 + "secret",
        "<style>" + " " * plaintext.MOST_SHEETS + "x</style>secret",
        "<b hidden>x</b>" * (plaintext.MOST_LOOKED + 1) + "secret",
    ],
)
def test_what_a_browser_hides_is_no_text(text):
    assert SECRET not in plaintext.reduce(f"<p>a</p>{text}", markup=True)[0]


@pytest.mark.parametrize(
    "text",
    [
        "<div hidden>x</div>secret",
        "<p hidden>x<p>secret",
        "<table><tr><td hidden>x<td>secret</table>",
        "<li hidden>x<li>secret",
        "<div hidden><b>x</div>secret",
        "<div style='font-size:0'><b style='font-size:14px'>secret</b></div>",
        "<style>@media (max-width:480px){.h{display:none}}</style><div class=h>secret</div>",
        "<style media=print>.h{display:none}</style><div class=h>secret</div>",
        "<style>.h a{display:none} a:hover{display:none} a[x]{display:none}</style><a class=x>secret</a>",
        "<a href='https://e.example/secret'><img src=x></a>",
        "<!--[if mso]>x<![endif]--><!--[if !mso]><!-->secret<!--<![endif]-->",
        "a < b > secret",
        "<td style='display:none'>secret",
    ],
)
def test_what_a_browser_shows_is_text(text):
    assert SECRET in plaintext.reduce(f"<p>a</p>{text}", markup=True)[0]
