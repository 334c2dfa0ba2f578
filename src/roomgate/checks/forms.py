"""What a page's forms ask for: whether a password, and what a browser sends back unasked. Pure."""

from html.parser import HTMLParser

from roomgate.checks.html_source import read_through


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.hidden: dict[str, str] = {}
        self.password = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "input":
            return
        facts = dict(attrs)
        kind = (facts.get("type") or "text").lower()
        self.password |= kind == "password"
        if kind == "hidden" and (name := facts.get("name")):
            self.hidden[name] = facts.get("value") or ""


def _inputs(page: str) -> _Inputs:
    found = _Inputs()
    read_through(found, page)
    return found


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms, as a browser would send them back."""
    return _inputs(page).hidden


def has_password_field(page: str) -> bool:
    """Whether somebody who sees the page is asked for a password there."""
    return _inputs(page).password
