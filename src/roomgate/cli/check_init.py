"""A target file made by questions: what is checked, who allowed it, what was issued, what must end access."""

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from roomgate.cli.check_answers import (
    parse_day,
    parse_fingerprint,
    parse_host,
    parse_hours,
    parse_known,
    parse_network,
    parse_rate,
    parse_url,
)
from roomgate.cli.output import Json, tell
from roomgate.errors import BadInput, Conflict

if TYPE_CHECKING:
    from roomgate.checks.draft import Draft
    from roomgate.cli.check_questions import Questions

TIERS = ("outside", "accounts", "site")
_PER_HOUR = 3600.0


def init(
    file: Path = Path("target.toml"),
    /,
    *,
    force: Annotated[bool, Parameter(help="write over a file that is there")] = False,
    json: Json = False,
) -> None:
    """Make a target file: every question is explained in a sentence, and answers are checked as you give them.

    Nothing is asked of the network. The file may hold passwords, so only you can read it.

    Example: ``roomgate check init target.toml``

    Parameters
    ----------
    file
        where to write it
    """
    from roomgate.checks.draft import write_draft
    from roomgate.cli.check_questions import Questions
    from roomgate.clock import SystemClock

    if file.exists() and not force:
        raise Conflict(f"{file} is there already.", hint="Name another file, or write over it with --force.")
    tier, draft = ask_all(Questions(), SystemClock().now().date())
    text = write_draft(draft)
    check(text, file.parent)
    write(file, text, force=force)
    command = f"roomgate check run {file}" + ("" if tier == "outside" else f" --tier {tier}")
    if any(not (one["deed"].get("request") or one["deed"].get("command")) for one in draft.causes):
        command += " --interactive"
    tell({"file": str(file), "next": command}, f"Written: {file}. Next: `{command}`.", json=json)


def check(text: str, base: Path) -> None:
    """Raises BadInput if the checker would not take it."""
    from roomgate.checks.catalogue import all_checks
    from roomgate.checks.target import parse_target

    options = {one.id: one.options for one in all_checks() if one.options is not None}
    parse_target(text, base, options, {})


def write(file: Path, text: str, *, force: bool) -> None:
    """For its owner's eyes alone, whole or not at all. Raises BadInput, Conflict."""
    made = file.with_name(file.name + ".new")
    try:
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(text)
        try:
            made.replace(file) if force else os.link(made, file)  # a link never takes the place of what is there
        finally:
            made.unlink(missing_ok=True)
    except FileExistsError as there:
        raise Conflict(f"{file} is there already.", hint="Name another file, or write over it with --force.") from there
    except OSError as bad:
        raise BadInput(f"{file} cannot be written: {bad.strerror}.") from bad


# ---- the questions, in their order -----------------------------------------------------------------


def ask_all(asked: "Questions", today: date) -> "tuple[str, Draft]":
    """The tier that the answers are for, and the draft. Raises BadInput when the answers end early."""
    from roomgate.checks.draft import Draft

    asked.say("A target file for `roomgate check`. Enter takes what stands in brackets.")
    target = _target(asked)
    authorisation = _authorisation(asked, today)
    asked.say("\nWhat you have. More of it lets more be judged; what could not be looked at is never called a pass.")
    tier = asked.choose("Addresses only, test accounts too, or access to the site as well", TIERS, usual="outside")
    accounts = _accounts(asked) if tier != "outside" else []
    links = _links(asked, [one["name"] for one in accounts])
    channels, causes = _ends(asked, accounts, links) if tier != "outside" else ([], [])
    device, site = _site(asked) if tier == "site" else ({}, {})
    return tier, Draft(target, authorisation, _permitted(asked), accounts, links, channels, causes, device, site)


def _target(asked: "Questions") -> dict[str, Any]:
    asked.say("\nWhat is checked. The name stands on the report, the addresses are where people reach the service.")
    name = asked.text("Its name", most=200)
    urls = asked.several("Address", parse_url, least=1)
    sign_in = asked.maybe("Its sign-in page, if the first address does not lead there", parse_url)
    ca = asked.maybe("A file with the authority of its certificate, if that is a private one")
    return {"name": name, "urls": urls, "sign_in": sign_in, "ca": ca}


def _authorisation(asked: "Questions", today: date) -> dict[str, Any]:
    asked.say("\nWho allowed it. Check only what its owner allowed in writing; the words are printed on every report.")
    text = asked.text("What is allowed, in the owner's words")
    by = asked.text("Who allows it", most=200)
    until = asked.ask(
        "The last day, as 2027-01-31 (Enter: none)", lambda line: parse_day(line, today) if line else None
    )
    return {"text": text, "by": by, "until": until}


def _accounts(asked: "Questions") -> list[dict[str, Any]]:
    asked.say("\nTest accounts, made for this and of nobody who works with them: two users, and an administrator.")
    made: list[dict[str, Any]] = []

    def fresh(line: str) -> str:
        if line in [one["name"] for one in made]:
            raise ValueError(f"There is a {line} already.")
        return line

    while name := asked.maybe(f"A name for account {len(made) + 1}, such as anna", fresh):
        one: dict[str, Any] = {"name": name, "role": asked.choose("Its role", ("user", "administrator"), usual="user")}
        how = asked.choose(
            "How it signs in: a form, a JSON request, or a token that you have", ("form", "json", "token")
        )
        if how == "token":
            one["token"] = asked.text("The token", secret=True)
        else:
            one["user"] = asked.text("User name", usual=name)
            one["password"] = asked.text("Password", secret=True)
            one["sign_in"] = _sign_in(asked, how)
        one["wrong_passwords"] = asked.yes("May it be locked out, so that wrong passwords are tried on it?")
        made.append(one)
    return made


def _sign_in(asked: "Questions", how: str) -> dict[str, Any]:
    url = asked.ask("Where that is sent to", parse_url)
    user = asked.text("The field of the user name", usual="user")
    password = asked.text("The field of the password", usual="password")
    body = {user: "{user}", password: "{password}"}
    if how == "form":
        page = asked.maybe(
            "The page that leads to the form, if that is another one: yours, where a provider signs in", parse_url
        )
        if page:
            return {"request": {"url": url, "method": "POST", "form": body, "page": page}}
        carry = asked.yes("Does the form have hidden fields (a token against forgery)?", usual=True)
        return {"request": {"url": url, "method": "POST", "form": body, "carry": carry}}
    token = asked.maybe("Where in the answer the token stands, such as access_token")
    return {"request": {"url": url, "method": "POST", "json": body}, "token": token}


def _links(asked: "Questions", accounts: Sequence[str]) -> list[dict[str, Any]]:
    asked.say("\nDevice links, exactly as they were issued: five or more tell most, one is enough to begin.")
    made: list[dict[str, Any]] = []
    while url := asked.maybe(f"Link {len(made) + 1}", parse_url):
        one: dict[str, Any] = {"url": url, "name": f"link-{len(made) + 1}"}
        one["marker"] = asked.maybe("Text that only this device's page shows, such as the end of its serial number")
        if accounts:
            one["account"] = asked.maybe(
                f"Whose sign-in goes with it ({', '.join(accounts)})", lambda line: parse_known(line, accounts)
            )
        read = asked.maybe("An address by which its page reads the device", parse_url)
        one["reads"] = []
        if read:
            expects = asked.text("Text that its answer holds", usual=one["marker"], least=0)
            one["reads"].append({"url": read, "account": one.get("account", ""), "expects": expects})
        hours = asked.maybe("For how many hours it was issued", parse_hours)
        one["lifetime_s"] = float(hours) * _PER_HOUR if hours else None
        made.append(one)
    return made


def _ends(
    asked: "Questions", accounts: Sequence[dict[str, Any]], links: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    from roomgate.checks.target import CAUSES, CHANNELS

    names = [one["name"] for one in accounts]
    read: dict[str, Any] = next((read for one in links for read in one["reads"]), {})
    asked.say("\nWays in: what somebody who is let in gets from the device. Each is watched while access ends.")
    channels: list[dict[str, Any]] = []
    while name := asked.maybe(f"A name for way {len(channels) + 1}, such as status"):
        kind = asked.choose("How it is asked", CHANNELS, usual="request")
        request = {"url": asked.ask("Its address", parse_url, usual=read.get("url", ""))}
        if names:
            who = asked.maybe(f"As whom ({', '.join(names)})", lambda line: parse_known(line, names))
            request["account"] = who
        expects = asked.text("Text that what is served holds", usual=read.get("expects", ""), least=0)
        channels.append({"name": name, "kind": kind, "request": request, "expects": expects})
    asked.say("\nWhat must end access. By hand: you are asked to do it while the run watches (--interactive).")
    causes: list[dict[str, Any]] = []
    while line := asked.maybe(f"Cause {len(causes) + 1} ({', '.join(CAUSES)})", lambda line: parse_known(line, CAUSES)):
        one: dict[str, Any] = {"name": f"{line}-{len(causes) + 1}" if line in _kinds(causes) else line, "kind": line}
        if names:
            one["account"] = asked.maybe(
                f"Of which account ({', '.join(names)})", lambda line: parse_known(line, names)
            )
        one["deed"] = _deed(asked, names)
        causes.append(one)
    return channels, causes


def _kinds(causes: Sequence[dict[str, Any]]) -> set[str]:
    return {one["kind"] for one in causes}


def _deed(asked: "Questions", names: Sequence[str]) -> dict[str, Any]:
    if asked.choose("By your hand, or by a request", ("hand", "request"), usual="hand") == "hand":
        return {"say": asked.text("What you are asked to do then")}
    request = {"method": asked.choose("Method", ("post", "put", "patch", "delete"), usual="post").upper()}
    request["url"] = asked.ask("Address", parse_url)
    if names:
        request["account"] = asked.maybe(f"As whom ({', '.join(names)})", lambda line: parse_known(line, names))
    return {"request": request}


def _site(asked: "Questions") -> tuple[dict[str, Any], dict[str, Any]]:
    asked.say("\nThe device and its site, as their owner reaches them from inside.")
    device: dict[str, Any] = {"url": asked.maybe("The device's own address, such as https://10.0.0.9", parse_url)}
    if device["url"]:
        device["certificate_sha256"] = asked.maybe("The SHA-256 of its certificate, in hex", parse_fingerprint)
        device["user"] = asked.maybe("An account on the device that may read its sessions and logs")
        device["password"] = asked.text("Its password", secret=True) if device["user"] else ""
        device["golden"] = asked.maybe("A folder with the device's own pages, as they were captured at the site")
    connector = asked.maybe("The connector's address inside")
    networks = asked.several("Network of the site, such as 10.0.0.0/24,", parse_network)
    return device, {"connector": connector, "networks": networks}


def _permitted(asked: "Questions") -> dict[str, Any]:
    asked.say("\nHow gently. Requests of a run come one after the other, at most so many a second.")
    rate = asked.ask("Requests a second", parse_rate, usual="2")
    hosts = asked.several("Another host that may be asked, such as the identity provider's,", parse_host)
    room = asked.maybe("A test room from which a call may be placed (only with --allow-intrusive)")
    callee = asked.text("The address that it may call") if room else ""
    return {
        "requests_per_second": rate, "hosts": hosts, "room": room, "callee": callee, "intrusive": bool(room)
    }  # fmt: skip
