"""A command of the connector's own on its way, for the tests of its deed."""

from roomgate.access.offered import offered
from roomgate.connector.own import Deed
from roomgate.connector.site_policy import Circumstances, SitePolicy, SiteRules
from roomgate.link.order import Order
from roomgate.xapi.call import Verb
from support.rooms import MemoryRoom


def own_deed(
    name: str, *, held: tuple[str, ...] = ("observe",), policy: str = "managed", room: MemoryRoom | None = None
) -> Deed:
    """Asked by somebody whose grants give ``held``, at a site with this shipped policy."""
    call = offered().canonical(Verb.COMMAND, name)
    order = Order(
        id="ord_1", link=b"", sequence=1, session="ses_1", site="site_1", connector="con_1", room="oslo",
        device="dev_1", verb="command", path=list(call.path.parts), arguments=[], body=None, digest=call.digest(),
        principal="per_1", principal_name="Ada", principal_kind="person", grant="g", reason="", held=list(held),
    )  # fmt: skip
    rules = SitePolicy.build(SiteRules(name=policy), SitePolicy.shipped_text(policy))
    return Deed(order, room or MemoryRoom(), call, Circumstances("per_1", "Ada", False, "oslo", "", False), rules)
