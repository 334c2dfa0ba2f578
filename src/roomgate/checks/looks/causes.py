"""What stands behind a cause of the target file: whom it shuts out, what is opened under it, how it is asked for."""

from urllib.parse import urlsplit

from roomgate.checks.target import Ask, Cause, Channel, Deed, Link, Target

SAY = {
    "admin-password": "change the password of the administrator {name}, and keep the old one at hand",
    "own-password": "change the password of {name}, as {name} would, and keep the old one at hand",
    "device-password": "change, at the device itself, the password that the connector uses",
    "deleted": "delete the account {name} at the target",
    "disabled": "disable the account {name} at the target",
    "scim-disabled": "switch the account {name} off at the identity provider, so that it is told by SCIM",
    "role-removed": "take away from {name} the role that lets {name} use the room",
    "grant-removed": "take away from {name} the right to use this room",
    "link-revoked": "revoke the link {link}",
    "signed-out": "sign {name} out at the identity provider, or in another window of the same browser",
    "session-ended": "end the session of {name}, as an administrator would",
    "token-revoked": "revoke the token of {name}",
    "lock": "lock {name}, or the room, at the target",
    "expired": "wait until the access has come to its end",
    "other": "do what must end the access ({cause})",
}


def by_hand(deed: Deed) -> bool:
    """Whether nobody but a person can do it: the file names neither a request nor a command."""
    return deed.request is None and not deed.command


def values_of(target: Target, cause: Cause) -> dict[str, str]:
    """What a deed's words and requests may name in braces."""
    values = {"cause": cause.name, "name": cause.account or "this person", "link": ""}
    if cause.account:
        account = target.account(cause.account)
        values |= account.values | {"user": account.user}
    link = link_of(target, cause)
    return values | ({"link": link.url} if link is not None else {})


def said_of(cause: Cause) -> str:
    """The request to a person, with places in braces."""
    return SAY.get(cause.kind, SAY["other"])


def link_of(target: Target, cause: Cause) -> Link | None:
    """The link of a cause: the one that it names, or the first of its account."""
    if cause.link:
        return target.link(cause.link)
    return next((link for link in target.links if cause.account and link.account == cause.account), None)


def channels_of(target: Target, cause: Cause) -> list[Channel]:
    """What is opened under a cause. Channels of other accounts are none of it, unless it names them."""
    if cause.channels:
        return [channel for channel in target.channels if channel.name in cause.channels]
    found = [
        channel
        for channel in target.channels
        if not cause.account or channel.request.account in ("", cause.account)
    ]  # fmt: skip
    if found or target.channels:
        return found
    link = link_of(target, cause) or next(iter(target.links), None)
    if link is None:
        return []
    reads = [
        Channel(name=f"{urlsplit(read.url).path or '/'} ({n})", request=read, expects=read.expects)
        for n, read in enumerate(link.reads, 1)
    ]
    return [Channel(name=link.name or "link", request=Ask(url=link.url)), *reads]
