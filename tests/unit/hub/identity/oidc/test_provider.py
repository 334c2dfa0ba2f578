from typing import Any

import pytest

from roomgate.hub.config import BadConfig, HubConfig, parse_config
from roomgate.hub.identity.oidc.provider import Provider, complaints

RIGHT: dict[str, Any] = {
    "name": "corp", "words": "Corp", "issuer": "https://id.example.com", "client_id": "c", "client_secret_file": "s",
}  # fmt: skip


def config(*providers: dict[str, Any], public_url: str = "https://hub.example.com") -> HubConfig:
    return parse_config({"data": "/d", "public_url": public_url, "providers": list(providers)})


def test_a_table_of_the_file_is_read() -> None:
    more = {"roles": {"desk": ["service-desk"]}, "algorithms": ["ES256"], "require": {"hd": "example.com"}}
    (one,) = config(RIGHT | more).providers
    assert (one.managed, one.algorithms, one.create, one.strong) == ({"service-desk"}, ("ES256",), False, ())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "Corp"}, "small letters"),
        ({"name": "a/../b"}, "small letters"),
        ({"issuer": "http://id.example.com"}, "issuer"),
        ({"issuer": "https://user@id.example.com"}, "issuer"),
        ({"issuer": "https://id.example.com?x"}, "issuer"),
        ({"issuer": "https://id.example.com:x"}, "issuer"),
        ({"issuer": "https://"}, "issuer"),
        ({"algorithms": []}, "algorithms"),
        ({"algorithms": ["RS256", "none"]}, "algorithms"),
        ({"algorithms": ["HS256"]}, "algorithms"),
        ({"scopes": ["profile"]}, "openid"),
        ({"client_id": ""}, "client_id"),
        ({"client_secret_file": ""}, "client_secret_file"),
        ({"roles": {"root": ["administrator"]}}, "strong_groups"),
        ({"client_secret": "x"}, "unknown field"),
    ],
)
def test_a_table_with_a_mistake_is_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(BadConfig, match=said):
        config(RIGHT | wrong)


def test_two_of_a_name_or_issuer_and_a_hub_without_an_address_are_refused() -> None:
    with pytest.raises(BadConfig) as bad:
        config(RIGHT, RIGHT, public_url="")
    assert len(bad.value.complaints) == 3
    assert complaints([Provider(**RIGHT)]) == []


def test_only_its_own_hosts_are_asked() -> None:
    one = Provider(**RIGHT, hosts=("keys.example.net",))
    for url in ("https://id.example.com/keys", "https://keys.example.net/k", "https://keys.example.net:443/k"):
        assert one.allows(url)
    for url in (
        "http://id.example.com/keys", "https://id.example.com.evil.example/", "https://keys.example.net:8443/k",
        "https://id.example.com:1/", "https://a@id.example.com/", "https://id.example.com/#k", "https://id.example.com/ k",
        "https://id.example.com:99999999/", "file:///etc/passwd", "https://[::1", "",
    ):  # fmt: skip
        assert not one.allows(url), url


def test_a_strong_role_takes_a_strong_group() -> None:
    one = Provider(**RIGHT, roles={"root": ("administrator", "auditor"), "desk": ("service-desk",)})
    assert one.gives(["root", "desk", "else"]) == {"auditor", "service-desk"}
    strong = Provider(**RIGHT, roles={"root": ("administrator",)}, strong_groups=("root",))
    assert strong.gives(["root"]) == {"administrator"}
    assert strong.gives([]) == frozenset()
