"""What a hostile target would like its findings to say, and where it stands in every form of a report."""

from roomgate.checks.outcome import Point, failed
from roomgate.checks.report.report import Report, build_report
from roomgate.checks.snapshot import Ended, Render, Snapshot
from support.reports import AT, RUN, check, exchange, target_of

LINES = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><script>alert(1)</script>", "javascript:alert(1)",
    "\x1b[31mred\x1b]0;title\x07", "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07", "a\rb\nc\u2028d", "\u202egnp.exe",
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "[link](https://evil.example)", "{0}{placeholder}",
    "{{ 7*7 }}{% raw %}", "\ud800", "\x00", "&lt;b&gt;", "’; DROP TABLE", "[bold red]rich[/bold red]", "%zz#a#b[x]",
)  # fmt: skip


def hostile_report(text: str) -> Report:
    """A report in which this text stands wherever a target's words can."""
    point = Point(f"https://target.example/{text}", text, (0, 1))
    checks = [
        check("K01", failed(text, [point, Point(text, text)], table=[{"cause": text, "p99_s": 2.0}, {text: text}]),
              severity="critical", title=f"Title {text}"),
        check("K06", failed("Alike.", [Point(text, text, (0,))]), look="pages"),
    ]  # fmt: skip
    header = (("Content-Type", text), ("Set-Cookie", text), ("Location", text))
    step = exchange(1, url=f"https://target.example/{text}", body=text, headers=header, fault=text, subject=text)
    shown = Render(label=text, t=0.0, at=AT, url=text, title=text, text=text, picture="../../etc/passwd.png")
    looks = {
        "links": Snapshot(look="links", began=AT, steps=(step, step)),
        "pages": Snapshot(look="pages", began=AT, ended=Ended.FAILED, why=text, steps=(shown,)),
    }
    return build_report(RUN, looks, target_of(), checks)
