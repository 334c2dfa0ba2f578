"""Pure: an address to join by, as a list may show it: without the passcode that services write into it.

Sites take it out already; what comes from a device, or from an older connector, has it still. Where it stands is the
services' own habit (a number, a dot and the passcode before the @; a second # in an
H.323 address; the query of a link). A name with a dot in it is left alone, a number with one is not: that cuts now
and then what is no passcode, and never leaves one that is in its usual place.
"""

CUT = "…"
_SCHEMES = ("sip:", "sips:", "h323:")


def shown_address(address: str) -> str:
    """The same, shortened with CUT where something was taken out."""
    if "://" in address:
        link = address.split("?", 1)[0].split("#", 1)[0]
        return link if link == address else f"{link}{CUT}"
    scheme = next((one for one in _SCHEMES if address.lower().startswith(one)), "")
    bare = address[len(scheme) :]
    plain = bare.split(";", 1)[0].split("?", 1)[0]
    user, at, host = plain.rpartition("@")
    shown = f"{_user(user)}{at}{_host(host)}" if at else _host(plain)
    return f"{address[: len(scheme)]}{shown}{CUT if plain != bare else ''}"


def _user(user: str) -> str:
    for mark in (":", "#"):
        name, cut, _ = user.partition(mark)
        if cut:
            return f"{_user(name)}{CUT}"
    number, dot, rest = user.partition(".")
    return f"{number}.{CUT}" if dot and rest and number.isdigit() else user


def _host(host: str) -> str:
    """Of an H.323 address ``host##id#passcode``, or of what is a number alone, host and id."""
    before, hashes, rest = host.partition("##")
    if hashes:
        id, more, _ = rest.partition("#")
        return f"{before}##{id}{CUT if more else ''}"
    before, more, _ = host.partition("#")
    return f"{before}{CUT}" if more else before
