import json

import pytest

from roomgate.access.offered import offered
from roomgate.connector.own import MOST_JUDGED, Deed, OwnCommands, judge_beforehand
from roomgate.connector.site_policy import Circumstances, SitePolicy, SiteRules
from roomgate.link.order import Order
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import BadArgument, CommandFailed
from roomgate.xapi.path import Path
from support.rooms import MemoryRoom

pytestmark = pytest.mark.asyncio


def deed(
    name: str, body: str | None = None, held: tuple[str, ...] = ("observe",), policy: str = "service-desk"
) -> Deed:
    call = offered().canonical(Verb.COMMAND, name, {}, body)
    order = Order(
        id="ord_1", link=b"", sequence=1, session="ses_1", site="site_1", connector="con_1", room="oslo",
        device="dev_1", verb="command", path=list(call.path.parts), arguments=[], body=body, digest=call.digest(),
        principal="per_1", principal_name="Ada", principal_kind="person", grant="g", reason="", held=list(held),
    )  # fmt: skip
    rules = SitePolicy.build(SiteRules(name=policy), SitePolicy.shipped_text(policy))
    return Deed(order, MemoryRoom(), call, Circumstances("per_1", "Ada", False, "oslo", "", False), rules)


async def test_a_deed_is_found_by_its_words_and_what_has_none_is_refused():
    async def list_them(_: Deed) -> str:
        return "listed"

    commands = OwnCommands({"Backup List": list_them})
    assert await commands.do(deed("Roomgate.Backup.List")) == "listed"
    with pytest.raises(CommandFailed, match="does not offer"):
        await commands.do(deed("Roomgate.Logs.Collect"))


async def test_calls_are_judged_beforehand_in_their_order_and_nothing_is_done():
    asked = [
        {"verb": "set", "path": "Configuration/Audio/DefaultVolume", "arguments": {"Value": 40}},
        {"verb": "set", "path": "Configuration/NetworkServices/HTTP/Mode", "arguments": {"Value": "Off"}},
        {"verb": "command", "path": "Dial", "arguments": {"Number": "a@example.com"}},
        {"verb": "set", "path": "Configuration/Nonsense", "arguments": {"Value": "1"}},
        {"verb": "dance", "path": "Dial"},
    ]
    one = deed("Roomgate.Allowed.Get", json.dumps(asked))
    verdicts = (await judge_beforehand(one))["Verdicts"]
    assert [(v["verdict"], v["rule"]) for v in verdicts] == [
        ("allowed", ""),
        ("refused", "never"),
        ("consent", ""),
        ("refused", "unknown"),
        ("refused", "unknown"),
    ]
    assert one.room.calls == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "body", ["", "{", "{}", '[{"verb": 1}]', '[{"verb": "get", "path": "x", "more": 1}]', "[" * 9999]
)
async def test_rubbish_to_be_judged_is_refused_in_words(body: str):
    with pytest.raises(BadArgument, match="cannot be read"):
        await judge_beforehand(deed("Roomgate.Allowed.Get", body or "null"))


async def test_no_more_than_so_many_are_judged_at_once():
    body = json.dumps([{"verb": "get", "path": "Status/Audio/Volume"}] * (MOST_JUDGED + 1))
    with pytest.raises(BadArgument, match="At most"):
        await judge_beforehand(deed("Roomgate.Allowed.Get", body))


async def test_a_leaf_goes_out_only_if_hub_and_site_both_allow_its_class():
    volume, url = Path.parse("Status/Audio/Volume"), Path.parse("Status/HttpFeedback/1/URL")
    assert deed("Roomgate.Backup.List", held=("observe",)).readable(volume)
    assert not deed("Roomgate.Backup.List", held=("logs",)).readable(volume)
    assert not deed("Roomgate.Backup.List", held=("observe", "security")).readable(url)
    assert not deed("Roomgate.Backup.List", held=("observe",)).readable(Path.parse("Status/Nonsense"))
