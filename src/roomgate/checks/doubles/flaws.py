"""What the double can do wrong, each a switch, and which check must find it. None: the clean double; all: 2019."""

from collections.abc import Iterable
from enum import StrEnum

from roomgate.errors import BadInput


class Flaw(StrEnum):
    NO_SIGN_IN = "no-sign-in"
    ENDLESS = "endless"
    SURVIVES_PASSWORD = "survives-password"  # noqa: S105 (a flaw's name)
    SURVIVES_DEVICE_PASSWORD = "survives-device-password"  # noqa: S105
    SURVIVES_DELETION = "survives-deletion"
    SURVIVES_SCIM = "survives-scim"
    SURVIVES_ROLE = "survives-role"
    LIVE_SURVIVES = "live-survives"
    IMITATES_SIGN_IN = "imitates-sign-in"
    MODIFIES_PAGES = "modifies-pages"
    CALL_BY_LINK = "call-by-link"
    PLAIN_HTTP = "plain-http"
    OLD_TLS = "old-tls"
    BAD_CERTIFICATE = "bad-certificate"
    NO_HSTS = "no-hsts"
    NO_CSP = "no-csp"
    LOOSE_COOKIES = "loose-cookies"
    GUESSABLE_COOKIES = "guessable-cookies"
    OPEN_REDIRECT = "open-redirect"
    LEAKS_LINK = "leaks-link"
    SHORT_LINKS = "short-links"
    NUMBERED_LINKS = "numbered-links"
    CROSSES_USERS = "crosses-users"
    ANY_ORIGIN = "any-origin"
    FORGEABLE = "forgeable"
    ENDLESS_GUESSES = "endless-guesses"
    IGNORES_SIGN_OUT = "ignores-sign-out"
    TRUSTS_ANY_DEVICE = "trusts-any-device"
    REUSABLE_ENROLMENT = "reusable-enrolment"
    KEEPS_NO_RECORD = "keeps-no-record"
    LISTENS = "listens"
    SILENT = "silent"
    STAYS_SIGNED_IN = "stays-signed-in"
    LEAKS_SECRETS = "leaks-secrets"
    LEAVES_TRACES = "leaves-traces"
    NO_SECURITY_CONTACT = "no-security-contact"
    SLOW_CUT = "slow-cut"


Flaws = frozenset[Flaw]
NONE: Flaws = frozenset()
ALL: Flaws = frozenset(Flaw)

FOUND_BY: dict[Flaw, str] = {
    Flaw.NO_SIGN_IN: "K01",
    Flaw.ENDLESS: "K02",
    Flaw.SURVIVES_PASSWORD: "K03",
    Flaw.SURVIVES_DEVICE_PASSWORD: "K03",
    Flaw.SURVIVES_DELETION: "K04",
    Flaw.SURVIVES_SCIM: "K04",
    Flaw.SURVIVES_ROLE: "K04",
    Flaw.LIVE_SURVIVES: "K05",
    Flaw.IMITATES_SIGN_IN: "K06",
    Flaw.MODIFIES_PAGES: "K07",
    Flaw.CALL_BY_LINK: "K08",
    Flaw.PLAIN_HTTP: "K09",
    Flaw.OLD_TLS: "K09",
    Flaw.BAD_CERTIFICATE: "K09",
    Flaw.NO_HSTS: "K10",
    Flaw.NO_CSP: "K11",
    Flaw.LOOSE_COOKIES: "K12",
    Flaw.GUESSABLE_COOKIES: "K12",
    Flaw.OPEN_REDIRECT: "K13",
    Flaw.LEAKS_LINK: "K14",
    Flaw.SHORT_LINKS: "K15",
    Flaw.NUMBERED_LINKS: "K15",
    Flaw.CROSSES_USERS: "K16",
    Flaw.ANY_ORIGIN: "K17",
    Flaw.FORGEABLE: "K18",
    Flaw.ENDLESS_GUESSES: "K19",
    Flaw.IGNORES_SIGN_OUT: "K20",
    Flaw.TRUSTS_ANY_DEVICE: "K21",
    Flaw.REUSABLE_ENROLMENT: "K22",
    Flaw.KEEPS_NO_RECORD: "K23",
    Flaw.LISTENS: "K24",
    Flaw.SILENT: "K25",
    Flaw.STAYS_SIGNED_IN: "K26",
    Flaw.LEAKS_SECRETS: "K27",
    Flaw.LEAVES_TRACES: "K28",
    Flaw.NO_SECURITY_CONTACT: "K29",
    Flaw.SLOW_CUT: "K30",
}


def parse_flaws(words: Iterable[str]) -> Flaws:
    """Names, or ``all`` or ``none``. Raises BadInput, with the names that there are."""
    found: set[Flaw] = set()
    for word in words:
        if word == "all":
            found |= ALL
        elif word != "none":
            try:
                found.add(Flaw(word))
            except ValueError:
                raise BadInput(f"There is no flaw {word}.", hint=f"There are {', '.join(Flaw)}; all; none.") from None
    return frozenset(found)


def expected(flaws: Flaws) -> set[str]:
    """The checks that must fail."""
    return {FOUND_BY[one] for one in flaws}
