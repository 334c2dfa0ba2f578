import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.quoted import split

MARKS = [
    "-----Original Message-----",
    "-----Original Appointment-----",
    "---------- Forwarded message ---------",
    "Begin forwarded message:",
    "-----Ursprüngliche Nachricht-----",
    "-----Ursprünglicher Termin-----",
    "-----Message d'origine-----",
    "-----Message d’origine-----",
    "-----Rendez-vous d'origine-----",
    "-----Mensaje original-----",
    "-----原始邮件-----",
    "-----邮件原件-----",
    "-----元のメッセージ-----",
    "-----元の予定-----",
    "From: Bob <bob@example.com>\nSent: Monday\nSubject: x",
    "*From:* Bob\n*Date:* Monday",
    "From: Bob\nTo: Ada\nCc: Eve\nSubject: x",
    "Von: Bob\nGesendet: Montag",
    "De : Bob\nEnvoyé : lundi",
    "De: Bob\nEnviado el: lunes",
    "发件人: Bob\n发送时间: 2026年3月2日",
    "发件人：Bob\n日期：2026年3月2日",
    "差出人: Bob\n送信日時: 2026年3月2日",
    "________________________________\nFrom: Bob\nSent: Monday",
    "On Mon, 2 Mar 2026 at 09:00, Bob Example <bob@example.com> wrote:",
    "Am 02.03.2026 um 09:00 schrieb Bob Example <bob@example.com>:",
    "Le lun. 2 mars 2026 à 09:00, Bob Example <bob@example.com> a écrit :",
    "El lun, 2 mar 2026 a las 9:00, Bob Example (<bob@example.com>) escribió:",
    "Bob Example <bob@example.com> 于2026年3月2日周一 09:00写道：",
    "2026年3月2日(月) 9:00 Bob Example <bob@example.com>:",
]


@pytest.mark.parametrize("mark", MARKS)
def test_older_mail_begins_at_its_mark(mark):
    parts = split(f"ours\n\n{mark}\n\ntheirs\n")
    assert "ours" in parts.own
    assert "theirs" not in parts.own
    assert "theirs" in parts.older


@pytest.mark.parametrize(
    "text",
    [
        "From: 9:00\nTo: 10:00\nbring the slides",
        "From: Oslo\nWe meet as on that date: Monday",
        "Von: 10:00\nBis: 11:00\nDatum: 3. März",
        "De: 10:00 a 11:00\nFecha: 3 de marzo",
        "Date: Monday\nSubject: all",
        "-- Do not delete or change any of the following text. --",
        "----------------------------------------",
        "On the 2nd we wrote: nothing more",
        "a -----Original Message----- in the middle of a line",
        "1 > 0 and a <b>",
        "________________________________\nJoin Zoom Meeting",
        "日期：2026年3月2日",
    ],
)
def test_what_is_no_mark(text):
    assert split(text) == split("") or split(text).own == text


def test_lines_that_are_cited_are_older_wherever_they_stand():
    parts = split("> first\nours\n> > second\n>third")
    assert (parts.own, parts.older.split()) == ("ours", ["first", "second", "third"])


def test_cited_lines_of_older_mail_lose_their_marks():
    assert split("ours\n-----Original Message-----\n> a\nb").older.split() == ["a", "b"]


def test_a_signature_ends_the_own_words_and_not_the_older_ones():
    parts = split("ours\n-- \nAda\n-----Original Message-----\ntheirs\n--\nBob")
    assert (parts.own.split(), parts.signature.split()) == (["ours"], ["Ada"])
    assert parts.older.split() == ["theirs", "--", "Bob"]


@given(st.lists(st.one_of(st.text(max_size=20), st.sampled_from(MARKS), st.sampled_from(["--", "> x", ">"]))))
def test_nothing_but_marks_is_lost(pieces):
    text = "\n".join(pieces)
    parts = split(text)
    assert len(parts.own) + len(parts.older) + len(parts.signature) <= len(text) + 2
    assert (
        parts.own
        or parts.older
        or parts.signature
        or not text.strip()
        or any(mark in text for mark in [*MARKS, "--", ">"])
    )
