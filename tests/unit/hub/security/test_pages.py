"""The page of a room's security: each part in its place, with what was refused and why."""

from html import unescape
from pathlib import Path

import pytest

from support.console import console, words
from support.guarded import NEVER, guard, refused

pytestmark = pytest.mark.asyncio
MAY = ("observe", "security", "users", "privacy", "network")
HERE = "/rooms/oslo/security"


async def test_it_says_what_to_do_and_touches_nothing_of_ours(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        guard(site)
        bob = await it.guest("bob", "oslo", *MAY)

        page = await bob.get(HERE)
        text = unescape(words(page))
        assert "Conference AutoAnswer Mode: On Turn automatic answering off" in text
        assert "A certificate of the device ends within 30 days." in text
        assert "Not known SSH is open. NetworkServices SSH Mode" in text  # it was not read
        assert page.text.count("/security/sessions/") == page.text.count("/security/sessions/s2/end") == 1
        assert page.text.count('name="user"') == 1
        assert text.count("Roomgate's own") == 2
        assert "来电由设备自动接听" in (await (await it.as_("bob", "zh-Hans")).get(HERE)).text

        assert "The session on the device has ended." in words(await bob.post(f"{HERE}/sessions/s2/end"))
        assert "is left alone" in words(await bob.post(f"{HERE}/sessions/s1/end"))
        said = words(await bob.post(f"{HERE}/users", user="mallory", active="no"))
        assert "mallory can no longer sign in on the device." in said
        assert "is left alone" in words(await bob.post(f"{HERE}/users", user="ROOMGATE-daily", active="no"))
        assert "sign in on the device again" in words(await bob.post(f"{HERE}/users", user="mallory", active="yes"))
        assert done(site) == [
            "Command/Security/Session/Terminate SessionId=s2",
            "Command/UserManagement/User/Modify Active=False Username=mallory",
            "Command/UserManagement/User/Modify Active=True Username=mallory",
        ]


def done(site) -> list[str]:
    """What was to change something at the device."""
    return [text for one in site.orders if "Terminate" in (text := str(one.call())) or "Modify" in text]


async def test_what_is_refused_is_told_in_its_place_and_where_ours_are_not_known_nothing_is_touched(
    tmp_path: Path,
) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        inside = refused("policy", "The policy keeps it inside.")
        guard(site, User_List=NEVER, Accounts_List=inside)
        ada = await it.as_("ada")
        assert words(await ada.get(HERE)).count("You have no live grant in this room.") == 5
        assert site.orders == []

        bob = await it.guest("bob", "oslo", *MAY)
        page = await bob.get(HERE)
        text = unescape(words(page))
        assert "Off until the site allows it" in text
        assert 'open = ["UserManagement"]' in text
        assert "Who has an account on the device." in text  # among what is not known
        assert "/security/sessions/" not in page.text
        for path, form in ((f"{HERE}/sessions/s2/end", {}), (f"{HERE}/users", {"user": "mallory", "active": "no"})):
            assert "The policy keeps it inside." in words(await bob.post(path, **form))
        assert done(site) == []
