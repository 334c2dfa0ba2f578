"""One identity provider as the configuration names it. Whoever is not named here vouches for nobody."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from roomgate.access.principal import STRONG, rights

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table ``[[providers]]`` of the hub's configuration."""

    name: str  # the word for it in addresses: small letters, digits, hyphens
    words: str  # what people call it, on the sign-in page too
    issuer: str  # https://…, exactly as the provider writes it in its tokens
    client_id: str  # as the provider gave it
    client_secret_file: str  # a file with the client secret; read at each sign-in, so it may be renewed
    scopes: tuple[str, ...] = ("openid", "profile")  # what is asked for
    hosts: tuple[str, ...] = ()  # other hosts than the issuer's that its endpoints may be at
    ca: str = ""  # PEM file, where the provider's certificate is not from a public authority
    algorithms: tuple[str, ...] = ("RS256", "ES256", "EdDSA")  # that it may sign with
    require: dict[str, str] = {}  # claims that must have this value, such as the organisation's id
    groups_claim: str = "groups"  # the claim with the groups
    roles: dict[str, tuple[str, ...]] = {}  # group → roles that it gives; only these are given and taken
    strong_groups: tuple[str, ...] = ()  # groups whose roles may change people, rooms and rights
    create: bool = False  # whether people who are not known here may come in
    strong: tuple[str, ...] = ()  # values of acr or amr that count as a second factor
    form_post: bool = False  # the provider answers by a form
    end_session: bool = False  # signing out here leads on to signing out there
    accept_untyped_logout: bool = False  # logout tokens may leave out their type

    @property
    def managed(self) -> frozenset[str]:
        """The roles that this provider gives and takes."""
        return frozenset(role for roles in self.roles.values() for role in roles)

    def allows(self, url: str) -> bool:
        """Whether an address that the provider's metadata names may be asked: https, at a host of its own."""
        if not (url.isascii() and url.isprintable()) or " " in url:
            return False
        try:
            parts = urlsplit(url)
            own = urlsplit(self.issuer)
            port, own_port = parts.port, own.port
        except ValueError:
            return False
        if parts.scheme != "https" or parts.username is not None or parts.fragment or not parts.hostname:
            return False
        if parts.hostname == own.hostname:
            return port == own_port
        return parts.hostname in self.hosts and port in (None, 443)

    def gives(self, groups: Sequence[str]) -> frozenset[str]:
        """The roles of these groups. One that may change people, rooms or rights only from a strong group."""
        return frozenset(
            role
            for group in groups
            for role in self.roles.get(group, ())
            if group in self.strong_groups or not is_strong(role)
        )


def is_strong(role: str) -> bool:
    return bool(rights(frozenset({role})) & STRONG)


def complaints(providers: Sequence[Provider]) -> list[str]:
    """What is wrong with them, each a line."""
    found = []
    for one in providers:
        where = f"providers, {one.name or '(no name)'}"
        if not _NAME.fullmatch(one.name):
            found.append(f"{where}: name has small letters, digits and hyphens, at most 40.")
        if not _plain_issuer(one.issuer):
            found.append(f"{where}: issuer must be https://HOST or https://HOST/PATH, no longer than 255 characters.")
        for key in ("words", "client_id", "client_secret_file"):
            if not getattr(one, key):
                found.append(f"{where}: {key} must not be empty.")
        if not one.algorithms or not set(one.algorithms) <= set(ALGORITHMS):
            found.append(f"{where}: algorithms are one or more of {', '.join(ALGORITHMS)}.")
        if "openid" not in one.scopes:
            found.append(f"{where}: scopes must hold openid.")
        found += [
            f"{where}: roles: {group} gives {role}, which changes people, rooms or rights: "
            "name the group in strong_groups too, if that is meant."
            for group, roles in one.roles.items()
            for role in roles
            if is_strong(role) and group not in one.strong_groups
        ]
    for key in ("name", "issuer"):
        values = [getattr(one, key) for one in providers]
        found += [
            f"providers: {key} {value} is there twice." for value in sorted({v for v in values if values.count(v) > 1})
        ]
    return found


def _plain_issuer(issuer: str) -> bool:
    try:
        parts = urlsplit(issuer)
        parts.port  # noqa: B018 (it is the asking that raises)
    except ValueError:
        return False
    return (
        parts.scheme == "https"
        and bool(parts.hostname)
        and parts.username is None
        and not ("?" in issuer or "#" in issuer)
        and issuer.isascii()
        and issuer.isprintable()
        and len(issuer) <= 255
    )
