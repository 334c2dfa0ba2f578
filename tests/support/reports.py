"""Runs that nobody made, for reports to be tried on: a folder with looks, pictures and a kept target, in any size."""

import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.journal import Journal, Run
from roomgate.checks.kept import encode_target
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, not_applicable, passed
from roomgate.checks.report.report import Report, build_report
from roomgate.checks.snapshot import Ended, Exchange, Render, Snapshot
from roomgate.checks.target import Target, parse_target

AT = "2026-03-10T09:00:00.000Z"
FILE = """
[target]
name = "Our connector, trial tenant"
urls = ["https://connector.example.com/"]

[authorisation]
text = "The owner of the service allows these checks from 1 to 31 March."
by = "Head of IT security"
until = 2026-03-31
"""
VECTORS = {
    "critical": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:L",
    "high": "CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
    "medium": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N",
    "low": "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:A/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
    "info": "",
}
FATAL = ("K01", "K03", "K04")
REQUIRED = ("K02", "K05", "K06", "K07", "K08", "K16", "K17", "K20", "K21", "K22", "K27", "K28", "K30")
CUTS = [
    {"cause": cause, "channel": channel, "cuts": 20, "p50_s": 0.2 + n * 0.3, "p99_s": 0.6 + n * 0.8, "max_s": 0.9 + n * 0.9}
    for n, (cause, channel) in enumerate(
        (cause, channel) for cause in ("the administrator leaves", "own password", "lock") for channel in ("request", "websocket")
    )
]  # fmt: skip


async def _nothing(kit: Kit) -> None:
    return None


def check(id: str, judgement: Judgement, *, severity: str = "high", look: str = "links", title: str = "") -> Check:
    """A check that comes to this judgement whatever it sees."""
    weight = Weight.FATAL if id in FATAL else Weight.REQUIRED if id in REQUIRED else Weight.COUNTED
    return Check(
        id=id, title=title or f"What {id} looks for is wrong", weight=weight, vector=VECTORS[severity], cwe=(306, 319),
        asvs=("8.2.1",), sources=("https://www.rfc-editor.org/rfc/rfc6797",), procedure=f"How {id} is looked at.",
        remedy=f"Mend what {id} names.", mistaken=f"How {id} could be wrong.",
        look=Look(look, Tier.OUTSIDE, _nothing), judge=lambda snapshot, target: judgement,
    )  # fmt: skip


def mixed() -> list[Check]:
    """One of everything: what fails, each severity; what is not known; what passes; what does not apply."""
    link = "https://connector.example.com/d/7f3a91"
    opens = [Point(link, "shows the device's own name, room-4711, to anybody", (0, 1))]
    late = "A cut takes longer than 5 s at the 99th percentile."
    slow = [Point(one["cause"] + ", " + one["channel"], f"{one['p99_s']:.1f} s") for one in CUTS]
    return [
        check("K01", failed("One of one links opens without signing in.", opens), severity="critical",
              title="A device link opens without signing in"),
        check("K02", inconclusive("Not looked at: the file names no link with its age.")),
        check("K03", passed("All was shut within 0.4 s.")),
        check("K06", failed("The sign-in page is built like the device's own.", [Point(link + "/signin", "97 % alike", (2,))]),
              look="pages", title="The sign-in page imitates the device's own"),
        check("K10", failed("Browsers are not told to come back by HTTPS only.", [Point(link, "no header", (0,))]),
              severity="medium", title="Browsers are not told to use HTTPS only"),
        check("K11", failed("No page limits what it loads.", [Point(link, "no policy")]), severity="low"),
        check("K13", passed("No redirect leaves the service.")),
        check("K21", inconclusive("Not looked at: it is done with site access, and this run was outside only.")),
        check("K29", failed("There is no security.txt.", [Point(link, "404")]), severity="info"),
        check("K25", not_applicable("No room can be called.")),
        check("K30", failed(late, slow, table=CUTS), look="cutting", title="The cut is slow"),
    ]  # fmt: skip


def png(width: int = 320, height: int = 200, colour: tuple[int, int, int] = (40, 90, 80)) -> bytes:
    """A picture of one colour."""
    rows = (b"\x00" + bytes(colour) * width) * height

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")


def exchange(number: int = 0, **fields: object) -> Exchange:
    body = f"<title>room-{number}</title>" + "x" * 200
    values = {
        "label": "stranger", "t": number * 0.5, "at": AT, "method": "GET",
        "url": f"https://connector.example.com/d/{number:06x}?a=1&b=", "status": 200,
        "sent": (("User-Agent", "a check"), ("Cookie", "a=1; b=2")),
        "headers": (("Content-Type", "text/html"), ("Set-Cookie", "s=1; Secure; HttpOnly")), "body": body,
        "body_sha256": hashlib.sha256(body.encode()).hexdigest(), "body_bytes": len(body), "took_ms": 12.5,
    }  # fmt: skip
    return Exchange(**{**values, **fields})  # type: ignore[arg-type]


def target_of(text: str = FILE) -> Target:
    return parse_target(text, Path(), {}, {})


def snapshots(links: int = 2) -> dict[str, Snapshot]:
    shown = Render(label="as shown", t=1.0, at="2026-03-10T09:04:00.000Z", url="https://connector.example.com/d/1/signin",
                   title="Sign in", picture="signin.png")  # fmt: skip
    return {
        "links": Snapshot(look="links", began=AT, steps=tuple(exchange(n) for n in range(links))),
        "pages": Snapshot(look="pages", began=AT, steps=(exchange(7), exchange(8), shown)),
        "cutting": Snapshot(look="cutting", began=AT, ended=Ended.FAILED, why="The target went away.", steps=()),
    }


RUN = Run(target="Our connector, trial tenant", target_sha256="ab" * 32, began=AT, tier=0, version="0.1.0")


def kept_run(folder: Path, links: int = 2, looks: Mapping[str, Snapshot] | None = None, run: Run = RUN) -> Journal:
    """A run's folder as it is when the last look has ended."""
    journal = Journal(folder)
    journal.open(run)
    journal.keep_target(encode_target(target_of()))
    for one in (looks or snapshots(links)).values():
        journal.end(one)
    (journal.evidence / "signin.png").write_bytes(png())
    return journal


def report_of(checks: Sequence[Check] | None = None, links: int = 2, run: Run = RUN) -> Report:
    return build_report(run, snapshots(links), target_of(), checks if checks is not None else mixed())
