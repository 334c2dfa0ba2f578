import pytest

from roomgate.hub.console.words import Words
from roomgate.hub.status.advice import ADVICE, advice_on, advise


@pytest.mark.parametrize(
    ("type", "kind"),
    [
        ("TemperatureCheck", "heat"), ("CertificateExpiry", "certificate"), ("SIPProfileRegistration", "sip"),
        ("WebexConnectivity", "webex"), ("MacrosRuntimeActive", "macros"), ("HTTPFeedbackFailed", "feedback"),
        ("SoftwareUpgrade", "upgrade"), ("CUCMVendorConfigurationFile", "provisioning"), ("ValidPasswords", "accounts"),
        ("AirPlayProvisioningCertificates", "airplay"), ("CameraSerial", "camera"), ("NeverHeardOf", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_kind_of_trouble_is_in_the_types_name(type: str, kind: str) -> None:
    assert advice_on(type) == kind
    assert bool(advise(type)) == bool(kind)


def test_advice_is_in_each_language() -> None:
    chinese = Words.of("zh-Hans")
    assert advise("TemperatureCheck", chinese) != advise("TemperatureCheck")
    assert len(set(ADVICE)) == len(ADVICE)
