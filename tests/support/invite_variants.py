"""Changes of an invitation: those that must not change what is understood, and those that must never be a button.

Each change takes the file's logical lines, or its bytes, and a seeded source of chance, and gives them back changed.
What it cannot be applied to it hands back as None.
"""

import base64
import html
import quopri
import re
from collections.abc import Callable
from random import Random
from urllib.parse import quote

LINK = re.compile(r"https?://[^\s<>\"\\]+[^\s<>\"\\.,;)]")
TEXTS = ("DESCRIPTION", "LOCATION")
OLDER = (
    "Join Zoom Meeting\\nhttps://us02web.zoom.us/j/89999999999?pwd=x\\nMeeting ID: 899 9999 9999\\nPasscode: 999111\\n"
    "Join by SIP\\n89999999999@zoomcrc.com\\n"
)
BERLIN = [
    "BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "BEGIN:STANDARD", "DTSTART:19701025T030000", "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "END:STANDARD", "BEGIN:DAYLIGHT",
    "DTSTART:19700329T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
    "END:DAYLIGHT", "END:VTIMEZONE",
]  # fmt: skip

Lines = list[str]
OfLines = Callable[[Lines, Random], Lines | None]
OfBytes = Callable[[bytes, Random], bytes]


def unfold(raw: bytes) -> Lines:
    return raw.decode().replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "").strip("\n").split("\n")


def fold(lines: Lines, width: int = 75, end: bytes = b"\r\n", by: bytes = b" ") -> bytes:
    """Folded by bytes: wherever the width falls, in the middle of a character too."""
    raws = [line.encode() for line in lines]
    return b"".join(
        (end + by).join(raw[at : at + width] for at in range(0, max(len(raw), 1), width)) + end for raw in raws
    )


# ---- of bytes: how the file is written ------------------------------------------------------------


def refold(raw: bytes, chance: Random) -> bytes:
    return fold(unfold(raw), chance.choice([1, 7, 33, 60, 74, 500]), by=chance.choice([b" ", b"\t"]))


def line_ends(raw: bytes, chance: Random) -> bytes:
    return fold(unfold(raw), end=chance.choice([b"\n", b"\r", b"\r\r\n"]))


def marked(raw: bytes, chance: Random) -> bytes:
    return b"\xef\xbb\xbf" + raw


def utf16(raw: bytes, chance: Random) -> bytes:
    return raw.decode().encode(chance.choice(["utf-16", "utf-16-le", "utf-16-be"]))


def mailed(raw: bytes, chance: Random) -> bytes:
    return base64.encodebytes(raw)


# ---- of lines: how the event is put ----------------------------------------------------------------


def _parts(line: str) -> tuple[str, str]:
    """Name with parameters, and value; a colon in quotes is no end."""
    quoted = False
    for at, sign in enumerate(line):
        quoted ^= sign == '"'
        if sign == ":" and not quoted:
            return line[:at], line[at + 1 :]
    return line, ""


def _name(line: str) -> str:
    return re.split("[:;]", line, maxsplit=1)[0].upper()


def _texts(lines: Lines, change: Callable[[str], str], names: tuple[str, ...] = TEXTS) -> Lines:
    """The value of each text, still escaped, changed; text of encodings of its own, and of alarms, is left."""
    made, alarm = [], False
    for line in lines:
        alarm = (alarm or line.upper() == "BEGIN:VALARM") and line.upper() != "END:VALARM"
        head, value = _parts(line)
        fits = _name(line) in names and "ENCODING" not in head.upper() and not alarm
        made.append(f"{head}:{change(value)}" if fits else line)
    return made


def small_names(lines: Lines, chance: Random) -> Lines:
    made = []
    for line in lines:
        head, value = _parts(line)
        name, *parameters = head.split(";")
        small = [f"{key.lower()}={given}" for key, _, given in (one.partition("=") for one in parameters)]
        made.append(";".join([name.lower(), *small]) + ":" + value if '"' not in head else line)
    return made


def strange_properties(lines: Lines, chance: Random) -> Lines:
    made = []
    for line in lines:
        if _name(line) in ("SUMMARY", "LOCATION", "DESCRIPTION", "DTSTART"):
            name, rest = line[: len(_name(line))], line[len(_name(line)) :]
            line = f'{name};X-ODD="a:b;c"{rest}' if _name(line) != "DTSTART" else f"{name};X-ODD=b{rest}"
        made.append(line)
        if line.upper() == "BEGIN:VEVENT":
            made += ["X-ODD;X-P=1:https://zoom.us/j/89999999999", "CATEGORIES:a,b", "COMMENT:nothing"]
    return made


def shuffled(lines: Lines, chance: Random) -> Lines | None:
    """The properties of each event in another order, those of one name in their own."""
    made: Lines = []
    block: Lines | None = None
    for line in lines:
        if line.upper() == "BEGIN:VEVENT":
            made.append(line)
            block = []
        elif line.upper() == "END:VEVENT" and block is not None:
            names = list(dict.fromkeys(map(_name, block)))
            chance.shuffle(names)
            made += [one for name in names for one in block if _name(one) == name]
            made.append(line)
            block = None
        elif block is not None:
            if line.upper().startswith("BEGIN:"):
                return None
            block.append(line)
        else:
            made.append(line)
    return made


def own_zone(lines: Lines, chance: Random) -> Lines | None:
    if any("VTIMEZONE" in line.upper() for line in lines):
        return None
    at = next(at for at, line in enumerate(lines) if line.upper() == "BEGIN:VEVENT")
    return lines[:at] + BERLIN + lines[at:]


def prefixed_zone(lines: Lines, chance: Random) -> Lines | None:
    prefix = chance.choice(["/freeassociation.sourceforge.net/", "/mozilla.org/20050126_1/", "/citadel.org/1/Tzfile/"])
    made = [line.replace("TZID=Europe/", f"TZID={prefix}Europe/") for line in lines]
    return made if made != lines else None


# ---- of lines: how its words are put ---------------------------------------------------------------


def hard_spaces(lines: Lines, chance: Random) -> Lines:
    return _texts(lines, lambda text: text.replace(" ", "\u00a0"), ("DESCRIPTION",))


def unseen_signs(lines: Lines, chance: Random) -> Lines:
    return _texts(
        lines, lambda text: text.replace(" ", chance.choice([" \u200b", "\u2060 ", " \u200e"])), ("DESCRIPTION",)
    )


def wide_signs(lines: Lines, chance: Random) -> Lines:
    wide = str.maketrans("0123456789", "０１２３４５６７８９")

    def change(text: str) -> str:
        parts = [
            part if re.search(r"[@/.<>#]", part) else part.replace(": ", "：").translate(wide)
            for part in text.split("\\n")
        ]
        return "\\n".join(parts)

    return _texts(lines, change, ("DESCRIPTION",))


def printed_quotably(lines: Lines, chance: Random) -> Lines:
    made = []
    for line in lines:
        head, value = _parts(line)
        if _name(line) == "DESCRIPTION" and "ENCODING" not in head.upper():
            plain = value.replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";")
            coded = quopri.encodestring(plain.encode()).decode().replace("=\n", "").replace("\n", "=0D=0A")
            line = f"{head};ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:{coded}"
        made.append(line)
    return made


def as_html(lines: Lines, chance: Random) -> Lines | None:
    """The body as markup only, each link an anchor with words of its own or with its address as words."""
    made: Lines = []
    for line in lines:
        if _name(line) == "X-ALT-DESC":
            return None
        if _name(line) == "DESCRIPTION":
            head, value = _parts(line)
            text = value.replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";")
            if "ENCODING" in head.upper() or re.search(r"</?[a-z]|^>|\\\\", text, re.IGNORECASE | re.MULTILINE):
                return None
            markup = _markup(text, chance).replace("\\", "\\\\").replace("\n", "\\n")
            markup = markup.replace(",", "\\,").replace(";", "\\;")
            line = f"X-ALT-DESC;FMTTYPE=text/html:<html><body><div>{markup}</div></body></html>"
        made.append(line)
    return made


def _markup(text: str, chance: Random) -> str:
    out, end = [], 0
    for match in re.finditer(r"([^\s<>]*)<((?:https?|mailto|sip):[^<>]*)>|" + LINK.pattern, text):
        words, target = (match.group(1), match.group(2)) if match.group(2) else (None, match.group(0))
        shown = words if words is not None else chance.choice([target, "here"])
        out += [
            html.escape(text[end : match.start()]),
            f'<a class="x" href="{html.escape(target)}"><b>{html.escape(shown)}</b></a>',
        ]
        end = match.end()
    out.append(html.escape(text[end:]))
    return "".join(out).replace("\n", "<br>\n")


def _wrapped(link: str, chance: Random) -> str:
    coded = quote(link, safe="")
    return chance.choice(
        [
            f"https://eur01.safelinks.protection.outlook.com/?url={coded}&data=05%7C01&reserved=0",
            f"https://www.google.com/url?q={coded}&sa=D&source=calendar",
            f"https://linkprotect.cudasvc.com/url?a={coded}&c=E\\,1\\,x&typo=1",
            f"https://secure-web.cisco.com/1abcDEF/{coded}",
            f"https://urldefense.com/v3/__{link}__\\;!!AbC!xyz$",
            f"https://urldefense.proofpoint.com/v1/url?u={coded}&k=1",
        ]
    )


def wrapped_links(lines: Lines, chance: Random) -> Lines | None:
    if any("urldefense" in line for line in lines):
        return None
    made = _texts(lines, lambda text: LINK.sub(lambda match: _wrapped(match.group(0), chance), text))
    return made if made != lines else None


def forwarded(lines: Lines, chance: Random) -> Lines:
    header = chance.choice(
        [
            "For your information\\n\\n-----Original Appointment-----\\nFrom: Bob Example <bob@example.com>\\nSent: Monday\\n"
            "To: Ada Example\\nSubject: Review\\n\\n",
            "\\n________________________________\\nVon: Bob Example <bob@example.com>\\nGesendet: Montag\\nAn: Ada\\n\\n",
            "看看\\n\\n发件人: Bob <bob@example.com>\\n发送时间: 2026年3月2日\\n收件人: Ada\\n\\n",
            "---------- Forwarded message ---------\\nDe : Bob <bob@example.com>\\nDate : lundi\\n\\n",
        ]
    )
    return _texts(lines, lambda text: header + text, ("DESCRIPTION",))


def answered(lines: Lines, chance: Random) -> Lines | None:
    """An older meeting quoted below."""
    below = chance.choice(
        [
            f"\\n\\n-----Original Message-----\\nFrom: Bob <bob@example.com>\\nSent: Monday\\nSubject: Old\\n\\n{OLDER}",
            f"\\n\\nOn Mon\\, 2 Mar 2026 at 09:00\\, Bob Example <bob@example.com> wrote:\\n\\n{OLDER}",
            "\\n\\n> " + OLDER.replace("\\n", "\\n> "),
            f"\\n\\nAm 02.03.2026 um 09:00 schrieb Bob Example:\\n{OLDER}",
            f"\\n\\n差出人: Bob <bob@example.com>\\n送信日時: 2026年3月2日\\n\\n{OLDER}",
            f"\\n\\nEl lun\\, 2 mar 2026 a las 9:00\\, Bob (<bob@example.com>) escribió:\\n{OLDER}",
        ]
    )
    if any("<html" in line.lower() for line in lines):
        return None
    return _texts(lines, lambda text: text + below, ("DESCRIPTION",))


OF_BYTES: dict[str, OfBytes] = {one.__name__: one for one in (refold, line_ends, marked, utf16, mailed)}
OF_LINES: dict[str, OfLines] = {
    one.__name__: one
    for one in (
        small_names, strange_properties, shuffled, own_zone, prefixed_zone, hard_spaces, unseen_signs, wide_signs,
        printed_quotably, as_html, wrapped_links, forwarded, answered,
    )
}  # fmt: skip


# ---- changes that must never be a button -----------------------------------------------------------

EVIL = "evil.example"
HOSTILE_HOSTS: dict[str, Callable[[str], str]] = {
    "another below it": lambda host: f"{host}.{EVIL}",
    "behind a user name": lambda host: f"{host}@{EVIL}",
    "behind a user name with a password": lambda host: f"{host}:443@{EVIL}",
    "with a hyphen": lambda host: f"{host.replace('.', '-')}.{EVIL}",
    "behind a backslash": lambda host: f"{EVIL}\\\\.{host}",
    "percent-encoded": lambda host: f"%65vil.example%2f{host}",
    "a wide full stop": lambda host: f"{host}．{EVIL}",
    "an ideographic full stop": lambda host: f"{host}。{EVIL}",
    "a wide at": lambda host: f"{host}＠{EVIL}",
    "a direction mark": lambda host: f"\u202e{host}.{EVIL}",
    "another port": lambda host: f"{EVIL}:8443",
    "decimal": lambda host: "2130706433",
    "octal": lambda host: "0177.0.0.1",
    "hexadecimal": lambda host: "0x7f.0.0.1",
    "IPv6": lambda host: "[::1]",
    "IPv4 in IPv6": lambda host: "[::ffff:10.0.0.1]",
    "inside": lambda host: "10.0.0.7",
    "Cyrillic": lambda host: host.replace("o", "о").replace("e", "е"),
    "punycode": lambda host: f"xn--{host}",
    "digits for letters": lambda host: host.replace("o", "0").replace("e", "3"),
    "documentation": lambda host: "203.0.113.9",
}


def hostile(lines: Lines, change: Callable[[str], str]) -> Lines:
    """Every host in every line that holds a link or an address, changed."""

    def of_link(match: re.Match[str]) -> str:
        return f"{match.group(1)}{change(match.group(2))}"

    made = []
    for line in lines:
        if _name(line) in ("ORGANIZER", "ATTENDEE", "UID"):
            made.append(line)
            continue
        line = re.sub(r"(https?://)([A-Za-z0-9.-]+)", of_link, line)
        made.append(re.sub(r"([A-Za-z0-9._+*]+@)([A-Za-z0-9.-]+\.[A-Za-z]{2,})(?!:443@)", of_link, line))
    return made
