from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.capability import Classes
from roomgate.connector.site_policy import (
    BadPolicy,
    Cap,
    Circumstances,
    PolicyRefused,
    SitePolicy,
    SiteRules,
)
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

CATALOGUE = Catalogue.shipped()
MEETINGS = SitePolicy.load(None)
DESK = SitePolicy.build(SiteRules(name="service desk"), (SitePolicy.shipped_text("service-desk")))


def about(*, booked: bool = False, reason: str = "why", service: bool = False) -> Circumstances:
    return Circumstances("per_1", "ada", service, "oslo", reason, booked)


def command(name: str, **arguments: object) -> Call:
    return CATALOGUE.canonical(Verb.COMMAND, "Command/" + name.replace(" ", "/"), arguments)


DIAL = command("Dial", Number="standup@example.com")
VOLUME = CATALOGUE.canonical(Verb.SET, "Configuration/Audio/DefaultVolume", {"Value": 40})


def test_the_default_is_meetings_only_and_refuses_a_free_dial() -> None:
    with pytest.raises(PolicyRefused) as no:
        MEETINGS.judge(DIAL, about(), CATALOGUE)
    assert no.value.rule == "policy"


def test_a_booked_meeting_is_joined_without_asking_the_room() -> None:
    leave = MEETINGS.judge(DIAL, about(booked=True), CATALOGUE)
    assert (leave.needs_consent, leave.intrusive) == (False, True)


def test_the_service_desk_dials_with_the_rooms_consent() -> None:
    assert DESK.judge(DIAL, about(), CATALOGUE).needs_consent


@pytest.mark.parametrize("policy", [MEETINGS, DESK])
def test_relieving_calls_never_wait_for_consent(policy: SitePolicy) -> None:
    for name in ("Call Disconnect", "Audio Microphones Mute", "Video Input MainVideo Mute", "Presentation Stop"):
        assert not policy.judge(command(name), about(), CATALOGUE).needs_consent


def test_settings_are_the_service_desks_not_the_meetings_only_ones() -> None:
    assert not DESK.judge(VOLUME, about(), CATALOGUE).needs_consent
    with pytest.raises(PolicyRefused):
        MEETINGS.judge(VOLUME, about(), CATALOGUE)


@pytest.mark.parametrize(
    ("allowed", "yes"),
    [(["configure"], False), (["av-control"], False), (["configure", "av-control"], True), (["observe"], False)],
)
def test_every_class_that_a_call_needs_must_be_allowed(allowed: list[str], yes: bool) -> None:
    actions = ", ".join(f'Action::"{name}"' for name in allowed)
    policy = SitePolicy.build(SiteRules(), f"permit (principal, action in [{actions}], resource);")
    if yes:
        policy.judge(VOLUME, about(), CATALOGUE)
    else:
        with pytest.raises(PolicyRefused):
            policy.judge(VOLUME, about(), CATALOGUE)


@pytest.mark.parametrize("service", [False, True])
@pytest.mark.parametrize("prefix", sorted(Classes.shipped().sets["never"]))
def test_no_policy_opens_the_never_list_and_no_order_passes_it(prefix: tuple[str, ...], service: bool) -> None:
    everything = SitePolicy.build(SiteRules(name="all"), "permit (principal, action, resource);")
    below = [*prefix[1:]] if prefix[0] == "Configuration" else [*prefix]
    root, verb = ("Configuration", Verb.SET) if prefix[0] == "Configuration" else ("Command", Verb.COMMAND)
    with pytest.raises(PolicyRefused) as no:
        everything.judge(Call(verb, Path.of(root, *below, "X")), about(booked=True, service=service), CATALOGUE)
    assert no.value.rule == "never"


def test_the_site_opens_a_named_entry_and_only_that() -> None:
    opened = SitePolicy.build(
        SiteRules(name="macros", open=["Macros Macro Activate"]), "permit (principal, action, resource);"
    )
    opened.judge(command("Macros Macro Activate", Name="lights"), about(), CATALOGUE)
    with pytest.raises(PolicyRefused):
        opened.judge(
            CATALOGUE.canonical(Verb.COMMAND, "Command/Macros/Macro/Save", {"Name": "x"}, "1"), about(), CATALOGUE
        )
    with pytest.raises(BadPolicy):
        SitePolicy.build(SiteRules(open=["Macros Everything"]), "permit (principal, action, resource);")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "permit (principal, action, resource) when { context.nosuch };",
        "permit (prin",
        'permit (principal, action == Action::"fly", resource);',
    ],
)
def test_a_policy_that_does_not_validate_is_not_loaded(text: str) -> None:
    with pytest.raises(BadPolicy):
        SitePolicy.build(SiteRules(), text)


def test_a_forbid_that_fails_to_evaluate_is_not_skipped() -> None:
    """Cedar skips a policy that fails: an integer overflow in a forbid must not end as Allow."""
    text = (
        "permit (principal, action, resource);"
        "forbid (principal, action, resource) when { 9223372036854775807 + 1 == 0 };"
    )
    with pytest.raises(PolicyRefused):
        SitePolicy.build(SiteRules(), text).judge(command("Audio Volume Mute"), about(), CATALOGUE)


@pytest.mark.parametrize(
    "number",
    ["x@127.0.0.1", "x@10.0.0.8", "192.168.1.4##123", "sip:x@[::1]", "x@localhost", "x@printer.local", "169.254.1.1"],
)
def test_nothing_dials_into_the_sites_own_network(number: str) -> None:
    with pytest.raises(PolicyRefused) as no:
        DESK.judge(command("Dial", Number=number), about(), CATALOGUE)
    assert no.value.rule == "validator"


@given(st.text(alphabet=st.characters(categories=["Cc", "Cf"]), min_size=1, max_size=5))
def test_control_characters_go_nowhere(rubbish: str) -> None:
    call = Call(Verb.COMMAND, Path.of("Command", "Dial"), (("Number", "a" + rubbish),))
    with pytest.raises(PolicyRefused):
        DESK.judge(call, about(), CATALOGUE)


@given(st.text(max_size=40), st.text(max_size=40))
def test_names_cannot_break_out_of_the_request(person: str, room: str) -> None:
    wise = Circumstances(person, person, False, room, "", False)
    with pytest.raises(PolicyRefused):
        MEETINGS.judge(DIAL, wise, CATALOGUE)


def test_reads_are_bounded_by_class() -> None:
    status = CATALOGUE.canonical(Verb.GET, "Status")
    readable = MEETINGS.judge(status, about(), CATALOGUE).readable
    assert {"observe", "bookings"} == {c.value for c in readable}


# Each of these looks at something else, and together they look at everything that Cedar is told.
POLICIES = [
    MEETINGS,
    DESK,
    SitePolicy.build(
        SiteRules(name="particular"),
        """
        permit (principal == Person::"per_1", action == Action::"call", resource == Room::"oslo")
        when { context.person != "eve" && context.consent == "room" || context.booked };
        permit (principal, action, resource == Room::"lima") when { context.reason && context.verb != "set" };
        permit (principal, action, resource) when { context.service && context.path like "Status/Audio*" };
        forbid (principal == Person::"per_2", action, resource) when { context.intrusive && !context.relieving };
        """,
    ),
]
CALLS = [
    DIAL,
    VOLUME,
    command("Call Disconnect"),
    command("Audio Volume Set", Level=1),
    command("Audio Microphones Unmute"),
    *(CATALOGUE.canonical(Verb.GET, path) for path in ("Status", "Status/Audio/Volume", "Status/Call")),
    CATALOGUE.canonical(Verb.SUBSCRIBE, "Status/Call"),
]
circumstances = st.builds(
    Circumstances,
    st.sampled_from(["per_1", "per_2", "p" * 300]),
    st.sampled_from(["ada", "eve"]),
    st.booleans(),
    st.sampled_from(["oslo", "lima"]),
    st.sampled_from(["", " ", "why"]),
    st.booleans(),
)


@pytest.mark.parametrize("policy", POLICIES)
@given(st.lists(st.tuples(st.sampled_from(CALLS), circumstances), min_size=1, max_size=8))
def test_what_is_remembered_is_what_cedar_says(policy: SitePolicy, asked: list[tuple[Call, Circumstances]]) -> None:
    for call, when in asked:
        assert said(policy, call, when) == said(replace(policy), call, when)  # the copy remembers nothing


def said(policy: SitePolicy, call: Call, when: Circumstances) -> object:
    try:
        return policy.judge(call, when, CATALOGUE)
    except PolicyRefused as no:
        return no.rule, no.message


def test_a_long_name_fills_no_memory() -> None:
    policy, call = replace(DESK), command("Audio Volume Set", Level=1)
    for name, kept in (("ada", 1), ("a" * 10_000, 1), ("eve", 2), ("ada", 2)):
        policy.judge(call, Circumstances("per_1", name, False, "oslo", "", False), CATALOGUE)
        assert policy.remembered == kept


def test_caps_count_commands_and_let_relief_through() -> None:
    policy = SitePolicy.build(
        SiteRules(intrusive_per_minute=2, commands_per_minute=3), "permit (principal, action, resource);"
    )
    for _ in range(2):
        policy.count(DIAL, "oslo", 0.0)
    with pytest.raises(PolicyRefused) as no:
        policy.count(DIAL, "oslo", 1.0)
    assert no.value.rule == "cap"
    for _ in range(50):
        policy.count(command("Call Disconnect"), "oslo", 1.0)
    policy.count(DIAL, "lima", 1.0)
    policy.count(DIAL, "oslo", 61.0)


@given(st.lists(st.floats(0, 1000), max_size=60).map(sorted), st.integers(1, 10))
def test_no_minute_ever_holds_more_than_the_cap(times: list[float], most: int) -> None:
    cap = Cap(most)
    admitted = [t for t in times if cap.admit(t)]
    assert all(sum(1 for u in admitted if t - 60 < u <= t) <= most for t in admitted)


def test_what_would_cut_the_connector_off_is_refused_by_every_policy_beforehand_and_then() -> None:
    rules = SiteRules(name="all", open=["Configuration NetworkServices"])
    managed = SitePolicy.build(rules, SitePolicy.shipped_text("managed"))
    off = CATALOGUE.canonical(Verb.SET, "Configuration/NetworkServices/Websocket", {"Value": "Off"})
    with pytest.raises(PolicyRefused, match="is changed at the site alone") as no:
        managed.judge(off, about(), CATALOGUE)
    assert no.value.rule == "fence"
    on = CATALOGUE.canonical(Verb.SET, "Configuration/NetworkServices/Websocket", {"Value": "FollowHTTPService"})
    assert not managed.judge(on, about(), CATALOGUE).needs_consent


def test_what_the_rest_of_the_policy_cannot_see_into_is_told_as_dangerous():
    opened = SiteRules(cedar="managed", open=["Roomgate Tunnel", "SystemUnit SoftwareUpgrade"])
    assert list(SitePolicy.build(opened, SitePolicy.shipped_text("managed")).dangerous) == ["Roomgate Tunnel"]
    assert SitePolicy.load(None).dangerous == {}


PLAIN = "<Extensions><Panel><ActivityType>Custom</ActivityType></Panel></Extensions>"
WEB_PANELS = [
    PLAIN.replace("Custom", "WebApp"),
    PLAIN.replace("Custom", "&#87;ebApp"),
    PLAIN.replace("Custom", "<![CDATA[WebWidget]]>"),
    PLAIN.replace("<ActivityType>", "<ActivityType x='y'>").replace("Custom", "WebApp"),
    PLAIN.replace("</Panel>", "<ActivityData>https://example.com</ActivityData></Panel>"),
    '<!DOCTYPE a [<!ENTITY b "<&#65;ctivityType>WebApp">]>' + PLAIN,
    '<?xml version="1.0" encoding="utf-7"?>' + PLAIN,
]


@pytest.mark.parametrize("name", ["Panel Save", "Set"])
def test_a_panel_that_may_show_a_web_page_is_behind_the_never_list_like_a_web_app(name: str) -> None:
    named = {"PanelId": "p"} if name == "Panel Save" else {"ConfigId": "c"}
    managed = SitePolicy.shipped_text("managed")
    shut = SitePolicy.build(SiteRules(cedar="managed"), managed)
    wide = SitePolicy.build(SiteRules(cedar="managed", open=["UserInterface Extensions WebApp"]), managed)

    def call(body: str) -> Call:
        path = "Command/UserInterface/Extensions/" + name.replace(" ", "/")
        return CATALOGUE.canonical(Verb.COMMAND, path, named, body)

    for body in (PLAIN, '<?xml version="1.0" encoding="UTF-8"?>\n' + PLAIN, "<Extensions/>"):
        assert not shut.judge(call(body), about(), CATALOGUE).needs_consent
    for body in WEB_PANELS:
        with pytest.raises(PolicyRefused) as no:
            shut.judge(call(body), about(), CATALOGUE)
        assert no.value.rule == "never"
        wide.judge(call(body), about(), CATALOGUE)


MIMIC = PLAIN.replace("<ActivityType>", "<Page><WidgetId>roomgate-call.zoom.end</WidgetId></Page><ActivityType>")


@pytest.mark.parametrize(
    ("name", "arguments", "body"),
    [
        ("Panel Save", {"PanelId": "roomgate-call-controls"}, PLAIN),
        ("Panel Save", {"PanelId": "Roomgate-Call-Controls"}, PLAIN),
        ("Panel Save", {"PanelId": "lights"}, MIMIC),
        ("Panel Save", {"PanelId": "lights"}, MIMIC.replace("roomgate-call", "&#114;oomgate&#x2d;call")),
        ("Set", {"ConfigId": "1"}, MIMIC),
        ("Panel Remove", {"PanelId": "roomgate-call-controls"}, None),
        ("Panel Update", {"PanelId": "roomgate-call-controls", "Name": "Lights"}, None),
        ("Panel Open", {"PanelId": "roomgate-call-controls"}, None),
        ("Widget SetValue", {"WidgetId": "roomgate-call.zoom.mute", "Value": "active"}, None),
    ],
)
def test_nobody_outside_touches_or_imitates_the_panel_of_a_call(name: str, arguments: dict, body: str | None) -> None:
    managed = SitePolicy.build(SiteRules(cedar="managed"), SitePolicy.shipped_text("managed"))
    path = "Command/UserInterface/Extensions/" + name.replace(" ", "/")
    with pytest.raises(PolicyRefused) as no:
        managed.judge(CATALOGUE.canonical(Verb.COMMAND, path, arguments, body), about(), CATALOGUE)
    assert no.value.rule == "validator"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://files.example.com/ce12.pkg", True),
        ("https://FILES.example.com:443/ce12.pkg", True),
        ("https://files.example.com:8443/ce12.pkg", False),
        ("http://files.example.com/ce12.pkg", False),
        ("https://files.example.com.evil.test/x", False),
        ("https://evil.test/files.example.com", False),
        ("https://files.example.com@evil.test/x", False),
        ("https://evil.test\\@files.example.com/x", False),
        ("https://evil.test#files.example.com", False),
        ("https://[files.example.com/x", False),
        ("https://fi\u200bles.example.com/x", False),
    ],
)
def test_software_comes_from_the_hosts_that_the_site_lists(url: str, allowed: bool) -> None:
    rules = SiteRules(open=["SystemUnit SoftwareUpgrade"], upgrade_hosts=["Files.Example.com"])
    policy = SitePolicy.build(rules, "permit (principal, action, resource);")
    call = command("SystemUnit SoftwareUpgrade", URL=url)
    if allowed:
        policy.judge(call, about(), CATALOGUE)
        return
    with pytest.raises(PolicyRefused) as no:
        policy.judge(call, about(), CATALOGUE)
    assert no.value.rule == "validator"


def test_a_site_that_lists_no_host_allows_no_software() -> None:
    policy = SitePolicy.build(SiteRules(open=["SystemUnit SoftwareUpgrade"]), "permit (principal, action, resource);")
    with pytest.raises(PolicyRefused, match="upgrade_hosts"):
        policy.judge(command("SystemUnit SoftwareUpgrade", URL="https://files.example.com/x"), about(), CATALOGUE)
