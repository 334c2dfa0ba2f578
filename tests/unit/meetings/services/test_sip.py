from roomgate.meetings.services.sip import MOST_OFFERS, recognise
from support.meetings import evidence_of


def test_a_labelled_address_with_its_domain_for_the_sites_list():
    seen = recognise(evidence_of("SIP: a@v.example.com"))
    assert seen is not None
    assert [(offer.join.address, offer.domain) for offer in seen.offers] == [("a@v.example.com", "v.example.com")]


def test_a_mail_address_is_none():
    assert recognise(evidence_of("Write to a@example.com")) is None


def test_no_more_than_three():
    seen = recognise(evidence_of("\n".join(f"sip:a{n}@v.example.com" for n in range(9))))
    assert seen is not None
    assert len(seen.offers) == MOST_OFFERS
