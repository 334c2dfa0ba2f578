"""The mirror is what the device says; what goes up is only what the site lets out."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.connector.mirror import DASHBOARD, Mirror, Mirrored, dashboard, lets_out_by_default, letting_out
from roomgate.ids import DeviceId
from roomgate.xapi import tree
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

OSLO = DeviceId("device_1")
CALL = {
    "id": 12,
    "Status": "Connected",
    "Direction": "Outgoing",
    "RemoteNumber": "secret@example.com",
    "DisplayName": "Ada",
    "CallbackNumber": "sip:secret@example.com",
}


def status(**parts):
    return {"Status": parts}


@pytest.mark.parametrize(
    "text",
    [
        "Status/Call/12/RemoteNumber",
        "Status/Call/12/DisplayName",
        "Status/Call/12/CallbackNumber",
        "Status/RoomAnalytics/PeopleCount/Current",
        "Status/Bookings/Current/Id",
        "Status/Diagnostics/Message/1/Description",
        "Status/Network/1/IPv4/Address",
        "Status/RoomAnalytics/AmbientTemperature",
        "Status/SIP/Registration/1/URI",
        "Status/Peripherals/ConnectedDevice/1001/Name",
        "Status/MediaChannels/Call/12/Channel/1/ParticipantId",
        "Status/UserInterface/ContactInfo/Name",
        "Configuration/SystemUnit/Name",
        "Status/Audio/VolumeInternal",
        "Status",
        "Event/UserInterface/Message/Prompt/Response",
    ],
)
def test_who_is_called_and_what_is_measured_stays_inside(text):
    assert not lets_out_by_default(Path.parse(text))


@pytest.mark.parametrize(
    "text",
    ["Status/Call/12/Status", "Status/Standby/State", "Status/Audio/Volume", "Status/Audio/Microphones/Mute",
     "Status/Diagnostics/Message/3/Level", "Status/Bookings/Availability/Status", "Status/SystemUnit/State/System",
     "Status/Diagnostics/Message/3/Type", "Status/SystemUnit/Hardware/Module/SerialNumber",
     "Status/Network/1/Ethernet/MacAddress", "Status/Peripherals/ConnectedDevice/1001/Status",
     "Status/MediaChannels/Call/12/Channel/1/Netstat/Jitter"],
)  # fmt: skip
def test_in_call_or_not_and_the_like_goes_up(text):
    assert lets_out_by_default(Path.parse(text))


def test_a_call_goes_up_without_the_other_side_and_goes_away_again():
    mirror = Mirror()
    assert mirror.taken() == ({}, True)

    mirror.absorb(status(Call=[CALL]))
    change, whole = mirror.taken()
    assert not whole
    assert change == status(Call=[{"id": 12, "Status": "Connected", "Direction": "Outgoing"}])

    mirror.absorb(status(Call=[{"id": 12, "ghost": "True"}]))
    change, _ = mirror.taken()
    assert tree.merge(status(Call=[{"id": 12, "Status": "Connected"}]), change) == {}
    assert mirror.taken() is None


def test_a_new_connection_replaces_everything_at_once():
    mirror = Mirror()
    mirror.absorb(status(Audio={"Volume": 50}, Standby={"State": "Off"}))
    mirror.taken()

    mirror.begin()
    mirror.absorb(status(Audio={"Volume": 50}))
    assert mirror.taken() is None
    mirror.settle()

    assert mirror.document == status(Audio={"Volume": 50})
    change, _ = mirror.taken()
    assert "Standby" in change["Status"]


volumes = st.lists(
    st.fixed_dictionaries({}, optional={"Volume": st.integers(0, 3), "VolumeMute": st.sampled_from(["On", "Off"])}),
    max_size=8,
)


@given(volumes, st.lists(st.booleans(), min_size=8, max_size=8))
def test_however_it_is_batched_the_other_side_ends_with_what_is_let_out(changes, sends):
    mirror, other = Mirror(), {}
    for change, send in zip(changes, sends, strict=False):
        mirror.absorb(status(Audio=change))
        if send and (part := mirror.taken()):
            other = part[0] if part[1] else tree.merge(other, part[0])
    if part := mirror.taken():
        other = part[0] if part[1] else tree.merge(other, part[0])

    assert other == (tree.prune(mirror.document, None, lets_out_by_default) or {})


def test_the_dashboard_is_known_to_the_catalogue_and_leaves_room_for_listeners():
    assert len(dashboard(Catalogue.shipped())) <= len(DASHBOARD) <= 28
    assert Path.parse("Status/Call") in dashboard(Catalogue.shipped())


def test_no_path_of_the_dashboard_tells_what_another_tells():
    assert not [(one, other) for one, other in itertools.permutations(DASHBOARD, 2) if one.covers(other)]


class Link:
    def __init__(self):
        self.sent = []
        self.full = False

    def send(self, message):
        if not self.full:
            self.sent.append(message)
        return not self.full


def test_changes_go_up_in_one_message_a_room():
    link, mirror = Link(), Mirror()
    mirrored = Mirrored(link.send)
    mirrored.add(OSLO, mirror)
    mirrored.flush()
    assert link.sent == []

    mirrored.up()
    mirrored.flush()
    assert link.sent[0].whole
    for volume in range(5):
        mirror.absorb(status(Audio={"Volume": volume}))
        mirrored.changed(OSLO)
    mirrored.flush()

    assert [m.document for m in link.sent[1:]] == [status(Audio={"Volume": 4})]


def test_what_a_full_link_did_not_take_goes_whole_later():
    link, mirror = Link(), Mirror()
    mirrored = Mirrored(link.send)
    mirrored.add(OSLO, mirror)
    mirrored.up()
    mirrored.flush()
    link.full = True
    mirror.absorb(status(Audio={"Volume": 9}))
    mirrored.changed(OSLO)
    mirrored.flush()

    link.full = False
    mirrored.flush()

    assert link.sent[-1].whole
    assert link.sent[-1].document == status(Audio={"Volume": 9})


def test_a_room_that_is_gone_sends_nothing():
    link = Link()
    mirrored = Mirrored(link.send)
    mirrored.add(OSLO, Mirror())
    mirrored.up()
    mirrored.remove(OSLO)
    mirrored.changed(OSLO)
    mirrored.flush()

    assert link.sent == []


def test_a_room_owes_only_what_may_go_out():
    mirror = Mirror()
    assert mirror.owes
    mirror.taken()
    mirror.absorb(status(RoomAnalytics={"AmbientNoise": {"Level": {"A": 33}}}))
    assert not mirror.owes
    mirror.absorb(status(Audio={"Volume": 9}))
    mirror.absorb(status(RoomAnalytics={"AmbientNoise": {"Level": {"A": 34}}}))
    assert mirror.owes
    assert mirror.taken() == (status(Audio={"Volume": 9}), False)
    assert not mirror.owes

    mirror.begin()
    mirror.absorb(status(Audio={"Volume": 10}))
    assert not mirror.owes
    mirror.settle()
    assert mirror.owes
    mirror.taken()
    mirror.forget_sent()
    assert mirror.owes


def test_a_site_says_itself_whether_people_and_warmth_are_told():
    people, warmth = "Status/RoomAnalytics/PeopleCount/Current", "Status/RoomAnalytics/AmbientTemperature"
    for measures, told in (((), []), (("people",), [people]), (("people", "temperature"), [people, warmth])):
        keep = letting_out(measures)
        assert [text for text in (people, warmth) if keep(Path.parse(text))] == told
        assert keep(Path.parse("Status/Call/12/Status"))
        assert not keep(Path.parse("Status/RoomAnalytics/PeopleCount/Capacity"))


def jitter(ms):
    channel = {"id": 1, "Netstat": {"Jitter": ms}}
    return status(MediaChannels={"Call": [{"id": 12, "Channel": [channel]}]})


def test_what_changes_all_the_time_in_a_call_goes_up_with_the_next_thing_or_later():
    link, mirror = Link(), Mirror()
    mirrored = Mirrored(link.send)
    mirrored.add(OSLO, mirror)
    mirrored.up()
    mirrored.flush()

    def hear(change):
        mirror.absorb(change)
        if mirror.owes:
            mirrored.changed(OSLO)

    hear(jitter(1))
    hear(jitter(2))
    mirrored.flush()
    assert len(link.sent) == 1
    hear(status(Audio={"Volume": 3}))
    mirrored.flush()
    assert link.sent[-1].document == tree.merge(jitter(2), status(Audio={"Volume": 3}))

    hear(jitter(3))
    mirrored.hurry()
    mirrored.flush()
    assert link.sent[-1].document == jitter(3)
    mirrored.hurry()
    mirrored.flush()
    assert len(link.sent) == 3


def test_a_room_that_is_gone_is_not_told_of_later_either():
    link, mirror = Link(), Mirror()
    mirrored = Mirrored(link.send)
    mirrored.add(OSLO, mirror)
    mirrored.up()
    mirrored.flush()
    mirror.absorb(jitter(1))
    mirrored.changed(OSLO)
    mirrored.remove(OSLO)
    mirrored.hurry()
    mirrored.flush()
    assert len(link.sent) == 1
