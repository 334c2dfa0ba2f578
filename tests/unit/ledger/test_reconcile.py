"""Two records, one truth: each way in which they can disagree."""

from datetime import UTC, datetime, timedelta

import pytest

from roomgate.clock import iso, parse_iso
from roomgate.ledger.event import (
    ConnectorConnected,
    ConnectorGone,
    HubStarted,
    OrderAbout,
    OrderOutcome,
    OrderRefused,
    OutcomeKnown,
    Permitted,
)
from roomgate.ledger.reconcile import Kind, reconcile

AT = "2026-03-10T09:00:00.000Z"
NOW = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
SAME = {"room": "oslo", "call": "Command/Dial Number=1", "digest": "d1", "principal": "ada"}


def permit(order="o1", **changes):
    return Permitted(at=AT, ask="a", order=order, grant="g", **{**SAME, **changes})


def about(order="o1", **changes):
    return OrderAbout(at=AT, order=order, grant="g", **{**SAME, **changes})


def refused(order="o1", rule="site.policy", **changes):
    return OrderRefused(at=AT, order=order, rule=rule, **{**SAME, **changes})


def done(order="o1", outcome="done"):
    return OrderOutcome(at=AT, order=order, outcome=outcome)


def told(order="o1", outcome="done"):
    return OutcomeKnown(at=AT, order=order, outcome=outcome)


def kinds(hub, site, now=NOW):
    return [found.kind for found in reconcile(hub, site, now=now)]


@pytest.mark.parametrize(
    ("hub", "site"),
    [
        ([], []),
        ([permit(), told()], [about(), done()]),
        ([permit(), told(outcome="refused")], [refused()]),
        ([permit()], [about(), done()]),
        ([permit(), told(outcome="unknown")], [about(), done()]),
        ([permit(), told()], [about()]),
        ([permit(), told(outcome="unreachable")], []),
    ],
)
def test_records_that_agree_find_nothing(hub, site):
    assert kinds(hub, site) == []


@pytest.mark.parametrize("seen", [about(), refused()])
def test_an_order_that_the_hub_does_not_have_is_found_and_named(seen):
    (found,) = reconcile([permit("another"), told("another", "refused")], [seen], now=NOW)
    assert found.kind is Kind.NOT_PERMITTED
    assert (found.order, found.room, found.call, found.principal) == ("o1", "oslo", SAME["call"], "ada")
    assert found.rule == ("site.policy" if isinstance(seen, OrderRefused) else "")
    assert "that the hub's ledger does not have" in found.title


def test_a_permit_without_a_trace_is_found_after_the_grace():
    soon = datetime(2026, 3, 10, 9, 0, 30, tzinfo=UTC)
    assert kinds([permit(), told()], [], now=soon) == []
    assert kinds([permit(), told()], []) == [Kind.NO_TRACE]
    assert kinds([permit()], [], now=soon + timedelta(minutes=5)) == [Kind.NO_TRACE]


@pytest.mark.parametrize("change", [{"digest": "d2"}, {"room": "bergen"}, {"principal": "eve"}])
def test_another_act_under_the_same_order_is_found(change):
    assert kinds([permit(), told()], [about(**change), done()]) == [Kind.OTHER_CALL]


def test_acting_twice_is_found():
    assert kinds([permit(), told()], [about(), about(), done()]) == [Kind.TWICE]


@pytest.mark.parametrize(
    ("hub", "site"),
    [
        ([permit(), told()], [about(), done(outcome="failed")]),
        ([permit(), told()], [refused()]),
        ([permit(), told(outcome="refused")], [about(), done()]),
    ],
)
def test_outcomes_that_differ_are_found(hub, site):
    assert kinds(hub, site) == [Kind.OTHER_OUTCOME]


def minute(minutes: float) -> str:
    return iso(parse_iso(AT) + timedelta(minutes=minutes))


def hub_started(minutes=0.0):
    return HubStarted(at=minute(minutes), version="1")


def link_lost(minutes=0.0, connector="home"):
    return ConnectorGone(at=minute(minutes), connector=connector)


READ = {"call": "Status/Audio/Volume"}


@pytest.mark.parametrize(
    "hub",
    [
        [permit(), hub_started(30)],
        [permit(), hub_started(), told(outcome="unknown")],
        [permit(connector="home"), link_lost(), told(outcome="unknown")],
        [permit(connector="home", **READ), told(), link_lost(0.1)],
        [permit(connector="home", **READ), told(), ConnectorConnected(at=minute(0.1), connector="home")],
    ],
)
def test_a_restart_or_a_lost_link_explains_a_missing_trace_and_is_still_told(hub):
    (found,) = reconcile(hub, [], now=NOW)
    assert found.kind is Kind.INTERRUPTED
    assert "no trace" in found.title
    assert "under way" in found.title


@pytest.mark.parametrize(
    "hub",
    [
        [hub_started(-1), permit(), told()],
        [permit(), told(), hub_started(1)],
        [permit(connector="home"), link_lost(0, "elsewhere"), told(outcome="unknown")],
        [permit(connector="home"), told(), link_lost(1)],
        [permit(connector="home"), link_lost()],
        # a command that was done stands in the site's record before: a site that is silent about it hides it
        [permit(connector="home"), told(), link_lost(0.1)],
        [permit(connector="home"), told(), hub_started(0.1)],
    ],
)
def test_what_lies_elsewhere_explains_nothing(hub):
    assert kinds(hub, []) == [Kind.NO_TRACE]


def test_a_read_that_was_refused_for_the_interruption_itself_is_no_sign_of_a_stolen_key():
    read = refused(rule="session.lease", **READ)
    assert kinds([hub_started(0.1)], [read]) == [Kind.INTERRUPTED]
    assert kinds([hub_started(1)], [read]) == [Kind.NOT_PERMITTED]
    setting = {"call": "Configuration/Audio/DefaultVolume"}
    assert kinds([hub_started(0.1)], [refused(rule="session.cut", **setting)]) == [Kind.INTERRUPTED]
    setting["call"] += " Value=3"
    assert kinds([hub_started(0.1)], [refused(rule="session.cut", **setting)]) == [Kind.NOT_PERMITTED]
    assert kinds([hub_started(0.1)], [refused()]) == [Kind.NOT_PERMITTED]
    assert kinds([hub_started(0.1)], [about(**READ)]) == [Kind.NOT_PERMITTED]


@pytest.mark.parametrize("rule", ["policy", "never", "order.digest", "order.room", "unknown", "consent.no"])
def test_no_restart_hides_what_the_site_refused_for_another_reason(rule):
    assert kinds([hub_started(0.01)], [refused(rule=rule, **READ)]) == [Kind.NOT_PERMITTED]


def test_a_read_that_the_hub_does_not_have_is_found_though_the_site_wrote_its_outcome_alone():
    (found,) = reconcile([], [OrderOutcome(at=AT, order="o1", outcome="done", room="oslo")], now=NOW)
    assert (found.kind, found.order, found.room, "a read" in found.title) == (Kind.NOT_PERMITTED, "o1", "oslo", True)
    assert kinds([permit(**READ), told()], [done()]) == []


@pytest.mark.parametrize(
    ("hub", "kind"),
    [
        ([hub_started(0.2)], Kind.INTERRUPTED),  # killed, and back at once
        ([told("another"), hub_started(60)], Kind.INTERRUPTED),  # it worked until then, and was back an hour later
        ([hub_started(60)], Kind.NOT_PERMITTED),
        ([hub_started(-0.1)], Kind.NOT_PERMITTED),  # one that runs writes its reads down
    ],
)
def test_a_killed_hub_lost_its_last_reads_alone(hub, kind):
    assert kinds(hub, [done()]) == [kind]


def test_each_forgery_is_found():
    forged = [
        OrderRefused(
            at=minute(n), order="", room="", call="", digest="", principal="", rule="order.signature", detail="no"
        )
        for n in range(3)
    ]
    found = reconcile([hub_started(0.1)], forged, now=NOW)
    assert [(one.kind, one.order, one.at) for one in found] == [(Kind.FORGED, "", minute(n)) for n in range(3)]
