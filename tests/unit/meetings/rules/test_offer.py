from roomgate.meetings.meeting import sip_join
from roomgate.meetings.rules.offer import Offer, Recognised


def test_an_offer_asks_for_nothing_unless_it_says_so():
    offer = Offer("sip", sip_join("1@example.com"))
    assert (offer.cloud, offer.preferred_on_cloud, offer.domain, offer.several, offer.told) == (
        False,
        False,
        None,
        False,
        None,
    )


def test_a_fallback_says_that_it_is_one():
    assert not Recognised("sip", (False, 100), (0, 0), (), ()).fallback
