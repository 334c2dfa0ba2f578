"""Who may read what, and what every setting is out of the box."""

from roomgate.sim.accounts import Account
from roomgate.sim.device import Device
from roomgate.sim.offer import MASK, Offer, default_configuration
from roomgate.sim.profile import get_profile
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.tree import leaves
from support.simulated import NINE

OFFER = Offer(Catalogue.shipped())
USER, INTEGRATOR, ADMIN = (Account(role, [role], "", "") for role in ("User", "Integrator", "Admin"))


def test_an_integrator_alone_does_not_read_calls() -> None:
    path = Path.parse("Status/Call/3/Status")
    assert (OFFER.may_read(USER, path), OFFER.may_read(INTEGRATOR, path)) == (True, False)


def test_what_is_not_in_the_catalogue_is_read_by_nobody() -> None:
    document = {"Status": {"Audio": {"Volume": 1}, "Secret": {"Thing": "x"}}}
    assert OFFER.readable(ADMIN, document, None) == {"Status": {"Audio": {"Volume": 1}}}


def test_a_ghost_is_told_to_those_who_read_the_member() -> None:
    ghost = {"Status": {"SIP": {"Registration": [{"ghost": "True", "id": 1}]}}}
    assert OFFER.readable(USER, ghost, None) == ghost
    assert OFFER.readable(INTEGRATOR, ghost, None) is None


def test_secrets_read_as_stars_and_empty_ones_as_nothing() -> None:
    masked = next(leaf for leaf in Catalogue.shipped().leaves(Path.parse("Configuration")) if leaf.masked)
    document: object = "hunter2"
    for word in reversed(masked.path.parts):
        document = {word: document}
    reader = Account("all", list(masked.read_roles), "", "")
    assert [value for _, value in leaves(OFFER.readable(reader, document, None))] == [MASK]


def test_every_configuration_has_a_value_and_no_name_is_both_list_and_none() -> None:
    device = Device.new("Birch", get_profile("26"), NINE)
    written = dict(default_configuration(Catalogue.shipped()))
    assert written[("Audio", "DefaultVolume")] == 50
    for parts, value in written.items():
        if parts != ("SystemUnit", "Name"):
            assert device.state.read("Configuration", *parts) == value
