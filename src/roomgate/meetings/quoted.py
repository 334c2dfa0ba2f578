"""Where a mail's own words end: older mail quoted below them, and the signature.

A meeting that stands in quoted mail may be last week's, and one in a signature is its writer's room on any day.
The marks are those of Outlook, Gmail, Apple Mail and Thunderbird in the six languages that we read; what is no
mark that we know stays the mail's own. The words of the translations are background knowledge, not verified.
"""

import msgspec

from roomgate.meetings.pattern import Pattern

OLDER_MAIL = "-----Original Message-----"  # what markup that means a quotation is written as, in plain text

_ORIGINAL = (
    r"original (?:message|appointment)|forwarded (?:message|appointment)|begin forwarded message"
    r"|ursprüngliche nachricht|ursprünglicher termin|original-?nachricht|weitergeleitete nachricht"
    r"|message d['’]origine|message original|rendez-vous d['’]origine|message transféré|message réexpédié"
    r"|mensaje original|cita original|mensaje reenviado"
    r"|原始邮件|邮件原件|原始约会|原始會議|转发的?邮件|轉寄郵件"
    r"|元のメッセージ|元の予定|転送(?:された)?メッセージ|original ?メッセージ"
)
_FROM = r"from|von|de|发件人|寄件者|差出人"
_AFTER_FROM = r"sent|gesendet|envoyé|enviado(?: el)?|发送时间|寄件日期|送信日時|date|datum|fecha|日期|日付|subject|betreff|objet|asunto|主题|主旨|件名"
_HEADER = r"[ \t]*[:：]"
_MARKS = Pattern(
    r"(?im)^[ \t]*(?:"
    rf"[-_=*]{{2,}}[ \t]*(?:{_ORIGINAL})[ \t:：]*[-_=*]{{2,}}[ \t]*$"
    r"|begin forwarded message[ \t]*:[ \t]*$"
    # From and Sent, or Date, or Subject, with at most two more lines between them. From a time on is no sender.
    rf"|\*?(?:{_FROM}){_HEADER}\*?[ \t]*[^0-9\s][^\n]*\n(?:[^\n]+\n){{0,2}}[ \t]*\*?(?:{_AFTER_FROM}){_HEADER}"
    r"|on [^\n]{5,200} wrote[ \t]*:[ \t]*$|am [^\n]{5,200} schrieb[^\n]{0,100}:[ \t]*$"
    r"|le [^\n]{5,200} a écrit[ \t]*[:：][ \t]*$|el [^\n]{5,200} escribió[ \t]*:[ \t]*$"
    r"|[^\n]{4,200}写道[ \t]*[:：][ \t]*$|[0-9]{4}年[^\n]{4,200}(?:>|のメッセージ|書きました)[ \t]*[:：][ \t]*$"
    r")"
)
# What each mark has in it, as an automaton of a few states: most texts have none, and are not searched further.
_PERHAPS = Pattern(rf"(?im)^[ \t]*\*?(?:{_FROM}){_HEADER}|[-_=*]{{2}}|[:：][ \t]*$")
_SIGNATURE = Pattern(r"(?m)^[ \t]*--[ \t]*$")


class Parts(msgspec.Struct, frozen=True, gc=False):
    """A text in the order in which its parts are believed. A part that is not there is empty."""

    own: str
    older: str = ""
    signature: str = ""


def split(text: str) -> Parts:
    """Pure, in linear time."""
    own, older = text, ""
    raw = text.encode()
    if _PERHAPS.find(raw) and (mark := _MARKS.find(raw)):
        own, older = raw[: mark[0]].decode(), raw[mark[1] :].decode()
    if "\n>" in own or own.startswith(">"):
        own, cited = _without_cited(own)
        older = f"{cited}\n{older}"
    if older and ("\n>" in older or older.startswith(">")):
        # A citation in what is older is older still, and read with it.
        older = "\n".join(line.lstrip("> \t") for line in older.split("\n"))
    signature = ""
    if "--" in own and (mark := _SIGNATURE.find(raw := own.encode())):
        own, signature = raw[: mark[0]].decode(), raw[mark[1] :].decode()
    return Parts(own, older, signature)


def _without_cited(text: str) -> tuple[str, str]:
    own: list[str] = []
    cited: list[str] = []
    for line in text.split("\n"):
        (cited if line.lstrip().startswith(">") else own).append(line)
    return "\n".join(own), "\n".join(line.lstrip("> \t") for line in cited)
