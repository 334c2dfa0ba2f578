"""Each issued link as a stranger opens it, as an address that was never issued is answered, and as its account sees it.

A stranger comes thrice, each time as if never here before: as a browser, as the preview of a chat, as a program. Then
the data behind the page is asked for: what the target file names (``reads``), and a few addresses that the page itself
names, below the link's own, which only read by all that their names say.

A quick run looks at the first few links, and comes thrice to the first of them alone.
"""

import re
from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

import msgspec

from roomgate.checks.browser import NoBrowser, render
from roomgate.checks.declared import Look, Tier
from roomgate.checks.kit import Kit
from roomgate.checks.links import never_issued, secret_parts
from roomgate.checks.markup import leads_to_sign_in
from roomgate.checks.opening import is_made_by_script, shows
from roomgate.checks.snapshot import Exchange, Render
from roomgate.checks.target import Ask, Link, Target
from roomgate.checks.web import CannotSignIn, Session

STRANGER, LET_IN, CONTROL, FRONT = "stranger", "let in", "never issued", "front door"
STRANGER_READ, LET_IN_READ = "stranger reads", "let in reads"
STRANGER_FOUND = "stranger reads what the page names"
DRAWN, LET_IN_DRAWN = "stranger, drawn", "let in, drawn"
NOT_LET_IN, MAIL = "account not let in", "mail"
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 (roomgate-check)",
    "LinkPreviewBot/1.0 (preview of a link in a chat; roomgate-check)",
    "curl/8.14.1 (roomgate-check)",
)
FOLLOW = 4
FOUND_MOST = 5
LINKS_QUICK = 5
DRAWN_MOST = 2  # links whose page a browser draws: it asks for much
_MAIL_MOST = 256 * 1024
_QUOTED = re.compile(r"""["'`]((?:https?://|/|\./)?[A-Za-z0-9][^"'`<>\s{}\\]{0,300}|/[^"'`<>\s{}\\]{1,300})["'`]""")
_CREDENTIALS = ("authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token")
_STATIC = re.compile(r"(?i)\.(?:js|mjs|css|map|png|jpe?g|gif|svg|ico|webp|woff2?|ttf|mp[34]|webm|pdf|zip|wasm)$")
# Whoever names an address like this may mean that asking for it does something.
_ACTS = frozenset(
    [
        "logout",
        "logoff",
        "signout",
        "signoff",
        "log",
        "sign",
        "out",
        "off",
        "delete",
        "remove",
        "destroy",
        "reboot",
        "restart",
        "reset",
        "shutdown",
        "wake",
        "sleep",
        "standby",
        "dial",
        "call",
        "hangup",
        "disconnect",
        "connect",
        "join",
        "leave",
        "answer",
        "accept",
        "reject",
        "mute",
        "unmute",
        "volume",
        "camera",
        "move",
        "preset",
        "command",
        "commands",
        "cmd",
        "exec",
        "execute",
        "action",
        "actions",
        "run",
        "set",
        "put",
        "post",
        "update",
        "upgrade",
        "edit",
        "save",
        "create",
        "add",
        "new",
        "start",
        "stop",
        "begin",
        "end",
        "enable",
        "disable",
        "toggle",
        "revoke",
        "unlink",
        "pair",
        "unpair",
        "install",
        "uninstall",
        "factory",
        "send",
        "share",
        "invite",
        "record",
        "open",
        "close",
        "lock",
        "unlock",
        "apply",
        "submit",
        "confirm",
        "approve",
        "deny",
        "cancel",
        "clear",
        "purge",
        "download",
        "export",
        "upload",
        "import",
    ]
)


def subject_of(link: Link) -> str:
    return link.name or link.url


async def _run(kit: Kit) -> None:
    await kit.web.get(kit.target.front, FRONT, kit.web.fresh(), follow=FOLLOW)
    chosen = kit.target.links[:LINKS_QUICK] if kit.quick else kit.target.links
    for number, link in enumerate(chosen):
        kit.progress(subject_of(link), number / len(chosen))
        await _look_at(kit, link, AGENTS[:1] if kit.quick and number else AGENTS)


async def _look_at(kit: Kit, link: Link, agents: Sequence[str]) -> None:
    subject = subject_of(link)
    _read_mail(kit, link)
    page = await _as_stranger(kit, link, subject, agents)
    if (control := never_issued(link.url)) != link.url:
        await kit.web.get(control, CONTROL, kit.web.fresh(), follow=FOLLOW, agent=AGENTS[0], subject=subject)
    session = await _let_in(kit, link.account, subject)
    own = await kit.web.get(link.url, LET_IN, session, follow=FOLLOW, subject=subject) if session is not None else None
    decided = bool(link.reads) or shows(page.body, link.marker, link.url)
    if not decided and is_made_by_script(page) and _drawn(kit) < DRAWN_MOST:
        await _draw(kit, link, session, subject)
    for ask in link.reads:
        anybody = Session(values={"link": link.url})
        await kit.web.send(without_sign_in(ask), STRANGER_READ, anybody, declared=True, follow=1, subject=subject)
        who = await _let_in(kit, ask.account, subject) if ask.account else session
        if who is not None:
            who.values["link"] = link.url
            await kit.web.send(ask, LET_IN_READ, who, declared=True, follow=1, subject=subject)
    named = dict.fromkeys(
        url for one in (page, own) if one is not None for url in find_reads(one.body, one.url, link.url)
    )
    known = {ask.url for ask in link.reads}
    for url in [url for url in named if url not in known][:FOUND_MOST]:
        await kit.web.get(url, STRANGER_FOUND, kit.web.fresh(), agent=AGENTS[0], subject=subject)


async def _draw(kit: Kit, link: Link, session: Session | None, subject: str) -> None:
    """Where the machine has a browser; without one, the page's own words and the reads have to do."""
    try:
        await render(kit, link.url, DRAWN, subject=subject)
        if session is not None:
            await render(kit, link.url, LET_IN_DRAWN, session=session, subject=subject)
    except NoBrowser:
        return


def _drawn(kit: Kit) -> int:
    return sum(isinstance(step, Render) and step.label == DRAWN for step in kit.recorder.steps)


async def _as_stranger(kit: Kit, link: Link, subject: str, agents: Sequence[str]) -> Exchange:
    """The first goes along with redirects; the others only where theirs lead elsewhere than the first one's did."""
    led = set()
    page = await kit.web.get(link.url, STRANGER, kit.web.fresh(), follow=FOLLOW, agent=agents[0], subject=subject)
    for step in kit.recorder.exchanges(STRANGER):
        if step.subject == subject and (where := step.header("location")):
            led.add(_place(step.url, where))
    for agent in agents[1:]:
        session = kit.web.fresh()
        step = await kit.web.get(link.url, STRANGER, session, agent=agent, subject=subject)
        where = step.header("location") if 300 <= step.status < 400 else ""
        if where and _place(link.url, where) not in led and _permitted(kit, urljoin(link.url, where)):
            await kit.web.get(urljoin(link.url, where), STRANGER, session, follow=FOLLOW, agent=agent, subject=subject)
    return page


async def _let_in(kit: Kit, account: str, subject: str) -> Session | None:
    if not account:
        return None
    if kit.tier < Tier.ACCOUNTS:
        kit.recorder.fact(NOT_LET_IN, account, subject=subject, fault="this run was from outside, without accounts")
        return None
    try:
        return await kit.web.sign_in(account)
    except CannotSignIn as refused:
        kit.recorder.fact(NOT_LET_IN, account, subject=subject, fault=str(refused).rstrip("."))
        return None


def _read_mail(kit: Kit, link: Link) -> None:
    if not link.mail:
        return
    subject = subject_of(link)
    try:
        with (kit.target.base / link.mail).open("rb") as file:
            text = file.read(_MAIL_MOST).decode("utf-8", "replace")
        kit.recorder.fact(MAIL, link.mail, text, subject=subject)
    except OSError as fault:
        kit.recorder.fact(MAIL, link.mail, subject=subject, fault=f"{fault.strerror}")


def _place(base: str, where: str) -> str:
    try:
        parts = urlsplit(urljoin(base, where))
    except ValueError:
        return where
    return f"{parts.netloc}{parts.path}"


def _permitted(kit: Kit, url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and kit.addresses.knows(parts.hostname or "")


def without_sign_in(ask: Ask) -> Ask:
    """The same request, without what shows who somebody is."""
    kept = {name: value for name, value in ask.headers.items() if name.lower() not in _CREDENTIALS and "{" not in value}
    return msgspec.structs.replace(ask, headers=kept, account="")


def find_reads(page: str, base: str, link: str) -> list[str]:
    """Addresses of the same origin that the page names, below the link's own or with its secret, that seem to read."""
    own = urlsplit(link)
    below = own.path.rstrip("/") + "/"
    secrets = [secret for secret in secret_parts(link) if len(secret) >= 4]
    found: dict[str, None] = {}
    for written in _QUOTED.findall(page[: 256 * 1024]):
        try:
            parts = urlsplit(urljoin(base, written))
        except ValueError:
            continue
        url = parts._replace(fragment="").geturl()
        named = f"{parts.path} {parts.query}"
        words = _words(named) | _words(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", named))
        if (
            (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
            and ((len(below) > 1 and parts.path.startswith(below)) or any(secret in url for secret in secrets))
            and (parts.path, parts.query) != (own.path, own.query)
            and parts.path.rstrip("/") != own.path.rstrip("/")
            and not _STATIC.search(parts.path)
            and not _ACTS.intersection(words)
            and not leads_to_sign_in(url)
        ):
            found.setdefault(url)
    return list(found)


def _words(text: str) -> set[str]:
    return set(re.split(r"[^a-z0-9]+", text.lower()))


def needs_links(target: Target) -> str:
    return "" if target.links else "the target file has no [[links]]: device links as they were issued."


LOOK = Look("links", Tier.OUTSIDE, _run, needs_links)
