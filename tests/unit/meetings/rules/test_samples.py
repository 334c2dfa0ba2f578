import msgspec
import pytest

from roomgate.meetings.rules.catalogue import shipped
from roomgate.meetings.rules.form import BadPack, SampleForm
from roomgate.meetings.rules.samples import build_invitation, check_samples, find_difference
from support.packs import own, with_own

SAMPLES = [(pack.service, sample) for pack in shipped().packs for sample in pack.samples]


@pytest.mark.parametrize(("service", "sample"), SAMPLES, ids=[f"{name}: {sample.name}" for name, sample in SAMPLES])
def test_a_shipped_pack_does_what_its_samples_say(service, sample):
    assert find_difference(sample, service, shipped()) is None


def test_the_big_services_have_labels_in_six_languages():
    for service in ("zoom", "webex", "teams"):
        pack = shipped().find(service)
        assert pack is not None
        for name, spoken in pack.form.labels.items():
            assert spoken.keys() >= {"en", "zh", "de", "fr", "es", "ja"}, (service, name)


def test_a_sample_is_an_invitation_in_miniature():
    one = build_invitation(SampleForm("s", "none", text="a", fields={"location": "<b>b</b>"}))
    assert [(text.source, text.text) for text in one.texts] == [("LOCATION", "b"), ("DESCRIPTION", "a")]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"join": "none"}, "leads to 4711@video.example.com, not to none"),
        ({"domains": ()}, "leads to none, not to 4711@video.example.com"),
        ({"text": "nothing"}, "is taken for none"),
        ({"how": "h323"}, "its how is sip, not h323"),
        ({"passcode": "1"}, "its passcode is none, not 1"),
        ({"others": ("x",)}, "its other ways are none"),
        ({"reason": "broadcast"}, "its reasons are none, without broadcast"),
    ],
)
def test_a_sample_that_comes_out_differently_refuses_its_pack(change, told):
    pack = own()
    sample = msgspec.structs.replace(pack.samples[0], **change)
    assert find_difference(sample, "bridge", with_own()) == told


def test_every_sample_that_differs_is_told():
    pack = own()
    check_samples(pack, with_own())
    with pytest.raises(BadPack, match="the sample 'a number' is taken for none"):
        check_samples(pack, shipped())
