"""Each row of what the HTTP XML API is known to answer."""

import re
from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.sim.accounts import Account
from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from roomgate.sim.wires import Wires
from roomgate.sim.xmlapi import XmlApi, XmlSyntaxError, space_name
from roomgate.xapi.path import Path
from support.simulated import NINE

PRODUCT = 'product="Cisco Codec" version="ce26.4.1.3.0123456789a" apiVersion="4"'


def made(*, profile: str = "26", roles: tuple[str, ...] = ("Admin",), **wires: bool) -> tuple[XmlApi, Account]:
    device = Device.new("Birch", get_profile(profile), NINE)
    return XmlApi(device, Wires(**wires)), device.accounts.add("somebody", "correct horse", list(roles))


def get(location: str, **how: object) -> str:
    api, account = made(**how)  # type: ignore[arg-type]  # the test's own words
    return api.get(account, location, NINE).partition("\n")[2]


def put(body: str, **how: object) -> str:
    api, account = made(**how)  # type: ignore[arg-type]  # the test's own words
    return api.put(account, body.encode(), "", NINE).partition("\n")[2]


def test_a_value_is_found_from_the_root() -> None:
    assert get("/Status/Audio/Volume") == f"<Status {PRODUCT}><Audio><Volume>50</Volume></Audio></Status>"
    assert get("/Configuration/Audio/DefaultVolume") == (
        f"<Configuration {PRODUCT}><Audio>"
        '<DefaultVolume valueSpaceRef="/Valuespace/INT_0_100">50</DefaultVolume></Audio></Configuration>'
    )


@pytest.mark.parametrize("location", ["/Status/SIP/Registration[1]", "/Status/SIP/Registration[@item='1']"])
def test_an_index_picks_a_member(location: str) -> None:
    assert '<Registration item="1" maxOccurrence="n"><Status>Registered</Status>' in get(location)
    assert "EmptyResult" in get(location.replace("1", "7"))


@pytest.mark.parametrize("location", ["/Status/Nonsense", "/Status/Call", "/Elsewhere", "//", "/Status/a b", "/Event"])
def test_nothing_there_is_an_empty_result(location: str) -> None:
    assert get(location) == f"<EmptyResult {PRODUCT}/>"


@pytest.mark.parametrize("location", ["", " "])
def test_no_location_is_a_fault(location: str) -> None:
    assert get(location) == (
        '<Fault><XPathError type="parsing"><ErrorCode type="string">10</ErrorCode><Location/><ProcessString/>'
        "</XPathError></Fault>"
    )


def test_secrets_are_masked_and_roles_count() -> None:
    assert re.search(r'valueSpaceRef="/Valuespace/PASSWORD_[0-9]+_[0-9]+_NoFilt"', get("/Configuration"))
    assert get("/Configuration/Security", roles=("RoomControl",)) == f"<EmptyResult {PRODUCT}/>"


def test_whole_documents_are_xml() -> None:
    api, account = made()
    documents = [api.document(account, root, NINE) for root in ("Status", "Configuration")]
    for document in [*documents, api.command_document(), api.valuespace_document()]:
        expat.ParserCreate().Parse(document, True)
    assert '<Set command="True" role="Admin;Integrator;User">' in api.command_document()
    assert '<TTPAR_OnOff type="Literal"><Value>Off</Value><Value>On</Value></TTPAR_OnOff>' in api.valuespace_document()
    assert api.get(account, "/Command", NINE) == api.command_document()
    assert api.get(account, "/Valuespace", NINE) == api.valuespace_document()


def test_a_command_is_answered_by_the_last_two_words_of_its_path() -> None:
    volume = "<Command><Audio><Volume><Set command='True'><Level>40</Level></Set></Volume></Audio></Command>"
    assert put(volume) == '<Command><VolumeSetResult status="OK"/></Command>'
    assert put("<Command><Dial><Number>a@example.com</Number></Dial></Command>") == (
        '<Command><DialResult status="OK"><CallId>1</CallId><ConferenceId>1</ConferenceId></DialResult></Command>'
    )


def test_several_commands_are_answered_in_their_order() -> None:
    both = "<Audio><Volume><Set><Level>400</Level></Set></Volume></Audio><Standby><Activate/></Standby>"
    assert put(f"<Command>{both}</Command>") == (
        '<Command><VolumeSetResult status="ParameterError"/><StandbyActivateResult status="OK"/></Command>'
    )


def test_a_repeated_argument_is_a_repeated_element() -> None:
    api, account = made()
    add = (
        "<Command><UserManagement><User><Add><Username>new</Username><Passphrase>long enough</Passphrase>"
        '<Role item="1">User</Role><Role item="2">Integrator</Role></Add></User></UserManagement></Command>'
    )
    assert 'UserAddResult status="OK"' in api.put(account, add.encode(), "", NINE)
    assert api.device.accounts.by_name["new"].roles == ["User", "Integrator"]


@pytest.mark.parametrize(
    "body", ["<Command><Dail/></Command>", "<Command/>", "<Nonsense/>", "<Command><Audio/></Command>"]
)
def test_an_unknown_command_is_no_action(body: str) -> None:
    assert put(body) == "<ActionError><Reason>No action detected in document</Reason></ActionError>"


UNSUPPORTED = "<Command><Dial><Number>a@example.com</Number><Colour>red</Colour></Dial></Command>"


@pytest.mark.parametrize(
    "body",
    [
        UNSUPPORTED,
        "<Command><Dial/></Command>",
        "<Command><Dial><Number><Deeper>1</Deeper></Number></Dial></Command>",
    ],
)
def test_a_bad_argument_is_a_parameter_error(body: str) -> None:
    assert put(body) == '<Command><DialResult status="ParameterError"/></Command>'


def test_an_unsupported_argument_may_give_a_bare_command() -> None:
    assert put(UNSUPPORTED, bare_unsupported=True) == "<Command></Command>"


@pytest.mark.parametrize(("profile", "name"), [("26", "Reason"), ("2019", "Error")])
def test_a_command_that_fails_says_why(profile: str, name: str) -> None:
    body = "<Command><Presentation><Stop/></Presentation></Command>"
    assert put(body, profile=profile) == (
        f'<Command><PresentationStopResult status="Error"><{name}>No presentation</{name}>'
        "</PresentationStopResult></Command>"
    )


def test_a_command_that_is_not_for_the_account_is_refused() -> None:
    body = "<Command><UserManagement><User><List/></User></UserManagement></Command>"
    assert 'UserListResult status="Error"><Reason>Permission denied' in put(body, roles=("User",))


def test_settings_are_set_one_by_one_and_the_good_ones_hold() -> None:
    api, account = made()
    good = "<Configuration><SystemUnit><Name>East</Name></SystemUnit></Configuration>"
    assert "<Configuration><Success/></Configuration>" in api.put(account, good.encode(), "", NINE)
    mixed = good.replace("East", "West").replace(
        "</Configuration>", "<Audio><DefaultVolume>4000</DefaultVolume></Audio><Nix>1</Nix></Configuration>"
    )
    answer = api.put(account, mixed.encode(), "", NINE)
    assert answer.count("<Error ") == 2
    assert "<XPath>/Configuration/Audio/DefaultVolume</XPath>" in answer
    assert api.device.state.read("Configuration", "SystemUnit", "Name") == "West"


def test_an_item_is_a_settings_index() -> None:
    api, account = made()
    body = '<Configuration><Network item="1"><MTU>1400</MTU></Network></Configuration>'
    assert "<Success/>" in api.put(account, body.encode(), "", NINE)
    assert api.device.state.read("Configuration", "Network", 1, "MTU") == 1400


def test_what_is_no_xml_is_said_to_be_none() -> None:
    with pytest.raises(XmlSyntaxError):
        put("<Command>")


ONE = made()


@given(st.text(alphabet="<>/CommandDial &;='\"[]1"))
def test_any_body_is_answered_or_no_xml(body: str) -> None:
    api, account = ONE
    try:
        api.put(account, body.encode(), "", NINE)
        api.get(account, body, NINE)
    except XmlSyntaxError:
        return


def test_value_spaces_have_the_devices_own_names_where_they_are_known() -> None:
    api, _ = made()
    leaf = api.device.offer.leaf(Path.parse("Configuration/HttpFeedback/TlsVerify"))
    assert leaf is not None
    assert space_name(leaf) == "TTPAR_OnOff"


def test_a_command_s_parameters_say_their_type_and_bounds() -> None:
    api, _ = made()
    document = api.command_document()
    level = re.search(r"<Level [^>]*><ValueSpace.*?</ValueSpace>", document[document.index("<Volume>") :])
    assert level is not None
    assert level[0].startswith('<Level item="1" required="True"><ValueSpace type="Integer">')
    assert "<Max>100</Max>" in level[0]
    assert '<ValueSpace type="String"><MaxLength>' in document
