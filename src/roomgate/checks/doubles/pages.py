"""The double's own pages: plain, and like nobody else's. Pure: facts in, HTML out; every fact is escaped."""

from collections.abc import Mapping, Sequence
from html import escape

STYLE = """\
body{font:17px/1.55 Georgia,serif;max-width:44rem;margin:2rem auto;padding:0 1rem;background:#fbfbf8;color:#23282b}
nav a{margin-right:1rem}table{border-collapse:collapse}td,th{padding:.3rem .8rem .3rem 0;text-align:left}
.in{border-left:.4rem solid #5b7f95;padding-left:1rem}.in p{margin:.4rem 0}
@media(prefers-color-scheme:dark){body{background:#191c1e;color:#e6e3dc}a{color:#9cc3d9}}
"""
SCRIPT = """\
"use strict";
// The page works without this: it only shows the time of the last reading.
for (const place of document.querySelectorAll("[data-room]")) {
  const said = new EventSource("/api/rooms/" + place.dataset.room + "/events");
  said.onmessage = () => { place.textContent = new Date().toLocaleTimeString(); };
}
"""
LANGUAGES = ("en", "fr", "de")


def frame(title: str, body: str, head: str = "") -> str:
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f'<link rel="stylesheet" href="/style.css">\n{head}</head>\n<body>\n{body}\n</body>\n</html>\n'
    )


def front() -> str:
    return frame(
        "Rooms from anywhere",
        "<h1>Rooms from anywhere</h1>\n<p>Look after the rooms of your company, wherever you are.</p>\n"
        '<p><a href="/signin">To the entrance</a></p>',
        '<script src="/page.js" defer></script>\n',
    )


def home(name: str, rooms: Sequence[str], token: str, language: str) -> str:
    rows = "\n".join(f'<tr><th>{escape(one)}</th><td data-room="{escape(one)}"></td></tr>' for one in rooms)
    choices = "".join(f"<option{' selected' if one == language else ''}>{one}</option>" for one in LANGUAGES)
    return frame(
        "Your rooms",
        f"<h1>Rooms of {escape(name)}</h1>\n<table>\n{rows}\n</table>\n"
        f'<form method="post" action="/preferences"><input type="hidden" name="token" value="{escape(token)}">'
        f'<p>Language <select name="language">{choices}</select> <button>Keep</button></p></form>\n'
        f'<form method="post" action="/signout"><input type="hidden" name="token" value="{escape(token)}">'
        "<button>Leave</button></form>",
        '<script src="/page.js" defer></script>\n',
    )


def sign_in(token: str, place: str, notice: str = "") -> str:
    said = f"<p><strong>{escape(notice)}</strong></p>\n" if notice else ""
    return frame(
        "Entrance",
        f'<nav><a href="/">Front page</a></nav>\n<h1>Who is there?</h1>\n{said}'
        f'<form class="in" method="post" action="/signin">\n<input type="hidden" name="token" value="{escape(token)}">\n'
        f'<input type="hidden" name="next" value="{escape(place)}">\n'
        '<p>Your name here<br><input name="user" autocomplete="username"></p>\n'
        '<p>Your password here<br><input type="password" name="password" autocomplete="current-password"></p>\n'
        "<p><button>Come in</button></p>\n</form>",
    )


def imitated(device_page: str, token: str = "", place: str = "") -> str:
    """The device's own sign-in page, so that people believe they are there; what they type comes here."""
    fields = {"token": token, "next": place} if token else {}
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(one)}">' for name, one in fields.items())
    page = device_page.replace('action="/web/signin"', 'action="/signin"').replace("</form>", f"{hidden}</form>")
    return page.replace("<title>", "<title>Device · ")


def _counter(third_party: str) -> str:
    return f'<p><img src="{escape(third_party)}" alt="" width="1" height="1"></p>\n' if third_party else ""


def doctored(device_page: str, third_party: str = "") -> str:
    """The device's own page, with something added on the way."""
    added = '<p class="added">Added on the way: control this room from here.</p><script src="/page.js"></script>'
    return device_page.replace("</body>", f"{added}{_counter(third_party)}</body>")


def room(link: str, name: str, reading: Mapping[str, str], token: str, third_party: str = "") -> str:
    """The page behind a device link."""
    rows = "\n".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in reading.items())
    tracker = _counter(third_party)
    return frame(
        f"Room {name}",
        f'<nav><a href="/">Your rooms</a> <a href="{escape(link)}/status">As data</a></nav>\n<h1>{escape(name)}</h1>\n'
        f'<table>\n{rows}\n</table>\n{tracker}<form method="post" action="{escape(link)}/call">'
        f'<input type="hidden" name="token" value="{escape(token)}"><p>Number <input name="number"> '
        "<button>Call</button></p></form>",
    )


def nothing() -> str:
    return frame("Nothing here", "<h1>Nothing here</h1>\n<p>There is no such page, or it is not yours.</p>")
