import pytest

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import (
    AuthenticationFailed,
    BadArgument,
    CommandFailed,
    DeviceFault,
    NotAllSet,
    NotOnThisTransport,
    NotReady,
    ProtocolError,
    RateLimited,
    TooManySubscriptions,
    UnknownPath,
)
from roomgate.xapi.messages import Feedback, Reply
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.xmldoc import (
    MAX_EXPRESSIONS,
    Answer,
    Answered,
    Ask,
    Conversation,
    Posted,
    location,
    put,
    signed_out,
)

CATALOGUE = Catalogue.shipped()
GOOD = Answer(200, b'<Command><HttpFeedbackRegisterResult status="OK"/></Command>')


def call(verb, path, **arguments):
    return CATALOGUE.canonical(verb, path, arguments)


def setting(path, value):
    return call(Verb.SET, path, Value=value)


def talk(**how):
    return Conversation(CATALOGUE, **how)


def answer(conversation, sent, *answers):
    made = [one if isinstance(one, Answer) else Answer(200, one.encode()) for one in answers]
    return list(conversation.receive(Answered(sent[0], tuple(made))))


def error(conversation, sent, *answers):
    (reply,) = answer(conversation, sent, *answers)
    return reply.error


# ---- what is sent ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("Status/Audio/Volume", "/getxml?location=/Status/Audio/Volume"),
        ("Status", "/getxml?location=/Status"),
        ("Status/Call/12/Duration", "/getxml?location=/Status/Call%5B%40item%3D%2712%27%5D/Duration"),
    ],
)
def test_locations(path, target):
    assert location(Path.parse(path)) == Ask(target)


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        (
            call(Verb.COMMAND, "Audio/Volume/Set", Level=40),
            '<Command><Audio><Volume><Set command="True"><Level>40</Level></Set></Volume></Audio></Command>',
        ),
        (
            call(Verb.COMMAND, "Presentation/Start", ConnectorId=[2, 3]),
            '<Command><Presentation><Start command="True"><ConnectorId item="1">2</ConnectorId>'
            '<ConnectorId item="2">3</ConnectorId></Start></Presentation></Command>',
        ),
        (
            CATALOGUE.canonical(Verb.COMMAND, "UserInterface/Extensions/Panel/Save", {"PanelId": "a"}, "<E>\r\n&</E>"),
            '<Command><UserInterface><Extensions><Panel><Save command="True"><PanelId>a</PanelId>'
            "<body>&lt;E&gt;&#13;\n&amp;&lt;/E&gt;</body></Save></Panel></Extensions></UserInterface></Command>",
        ),
        (
            setting("Configuration/Video/Input/Connector/2/Name", "a<b"),
            '<Configuration><Video><Input><Connector item="2"><Name>a&lt;b</Name></Connector></Input></Video>'
            "</Configuration>",
        ),
    ],
)
def test_documents(asked, body):
    assert put([asked]) == Ask("/putxml", body.encode())


def test_many_settings_share_their_names_and_many_commands_do_not():
    settings = [
        setting("Configuration/Video/Input/Connector/1/Name", "a"),
        setting("Configuration/Audio/DefaultVolume", 5),
        setting("Configuration/Video/Input/Connector/2/Name", "b"),
        setting("Configuration/Video/Input/Connector/1/InputSourceType", "camera"),
    ]
    assert put(settings).body == (
        b'<Configuration><Video><Input><Connector item="1"><Name>a</Name><InputSourceType>camera</InputSourceType></Connector>'
        b'<Connector item="2"><Name>b</Name></Connector></Input></Video>'
        b"<Audio><DefaultVolume>5</DefaultVolume></Audio></Configuration>"
    )
    twice = [call(Verb.COMMAND, "Call/Disconnect", CallId=number) for number in (1, 2)]
    assert put(twice).body == (
        b'<Command><Call><Disconnect command="True"><CallId>1</CallId></Disconnect></Call>'
        b'<Call><Disconnect command="True"><CallId>2</CallId></Disconnect></Call></Command>'
    )


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [setting("Configuration/Audio/DefaultVolume", 5), call(Verb.COMMAND, "Dial", Number="1")],
        [call(Verb.GET, "Status/Audio")],
        [Call(Verb.SET, Path.parse("Configuration/A"), (("Value", (1, 2)),))],
        [Call(Verb.SET, Path.parse("Configuration/A"))],
        [Call(Verb.COMMAND, Path.parse("Command/A"), (("B><C", "1"),))],
        [Call(Verb.COMMAND, Path.parse("Command/A"), (("B", "\x1b"),))],
    ],
)
def test_what_no_document_can_hold(calls):
    with pytest.raises(BadArgument):
        put(calls)


def test_the_body_and_the_account_s_answers_stay_out_of_logs():
    assert "secret" not in repr(put([call(Verb.COMMAND, "Dial", Number="secret")]))
    assert "secret" not in repr(Posted(1, b"secret")) + repr(Answer(200, b"secret"))


# ---- reads ----------------------------------------------------------------------------------------


def test_a_pattern_is_read_by_its_fixed_part_and_picked_here():
    conversation = talk()
    sent = conversation.request(call(Verb.GET, "Status/Audio/**/VolumeMute"))
    assert sent[1].asks == (location(Path.parse("Status/Audio")),)
    told = answer(conversation, sent, "<Status><Audio><Volume>4</Volume><VolumeMute>On</VolumeMute></Audio></Status>")
    assert told == [Reply(sent[0], {"Status": {"Audio": {"VolumeMute": "On"}}})]


CALLS = '<Status><Call item="2"><Duration>3</Duration></Call><Call item="7"><Duration>9</Duration></Call></Status>'


@pytest.mark.parametrize("refusal", ["<EmptyResult/>", '<Fault><XPathError type="parsing"/></Fault>'])
def test_where_no_number_is_understood_the_list_is_read_and_picked_from_here(refusal):
    conversation = talk()
    sent = conversation.request(call(Verb.GET, "Status/Call/7/Duration"))
    assert sent[1].asks == (location(Path.parse("Status/Call/7/Duration")), location(Path.parse("Status/Call")))
    assert sent[1].goes_on(Answer(200, refusal.encode()))
    assert answer(conversation, sent, refusal, CALLS) == [Reply(sent[0], 9)]
    assert len(conversation.request(call(Verb.GET, "Status/Call/7"))[1].asks) == 2


def test_where_a_number_was_understood_once_it_is_trusted():
    conversation = talk()
    sent = conversation.request(call(Verb.GET, "Status/Call/7/Duration"))
    found = '<Status><Call item="7"><Duration>9</Duration></Call></Status>'
    assert not sent[1].goes_on(Answer(200, found.encode()))
    assert answer(conversation, sent, found) == [Reply(sent[0], 9)]
    assert len(conversation.request(call(Verb.GET, "Status/Call/8"))[1].asks) == 1


def test_a_member_that_was_picked_by_its_place_is_not_taken_for_the_other():
    conversation = talk()
    sent = conversation.request(call(Verb.GET, "Status/Call/2/Duration"))
    assert answer(conversation, sent, '<Status><Call item="7"><Duration>9</Duration></Call></Status>') == [
        Reply(sent[0], None)
    ]


@pytest.mark.parametrize(
    ("answered", "kind"),
    [
        ('<Fault><XPathError type="parsing"><ErrorCode type="string">10</ErrorCode></XPathError></Fault>', UnknownPath),
        ("<Command/>", CommandFailed),
        ("<Other>strange</Other>", CommandFailed),
        (Answer(400, b"XML syntax error: line 1"), BadArgument),
        (Answer(401, b"401 Unauthorized"), AuthenticationFailed),
        (Answer(403), AuthenticationFailed),
        (Answer(302), AuthenticationFailed),
        (Answer(200, b"\n<!DOCTYPE html><html>"), AuthenticationFailed),
        (Answer(404), UnknownPath),
        (Answer(500), DeviceFault),
        (Answer(502), NotReady),
        (Answer(503), RateLimited),
    ],
)
def test_answers_that_are_no_document(answered, kind):
    conversation = talk()
    assert type(error(conversation, conversation.request(call(Verb.GET, "Status/Audio")), answered)) is kind


def test_only_who_is_not_signed_in_is_signed_out():
    assert signed_out(Answer(200, b"<Status/>")) is None
    assert signed_out(Answer(404, b"<html>")) is None
    assert signed_out(Answer(503)) is None


def test_a_list_s_index_must_be_given_where_one_value_is_wanted():
    conversation = talk()
    sent = conversation.request(call(Verb.GET, "Status/Call/Duration"))
    assert type(error(conversation, sent, CALLS)) is BadArgument


# ---- commands and settings ------------------------------------------------------------------------


def test_a_command_whose_argument_is_unknown_gets_no_result():
    conversation = talk()
    sent = conversation.request(call(Verb.COMMAND, "Dial", Number="1"))
    assert type(error(conversation, sent, "<Command/>")) is BadArgument


def test_an_older_form_of_failure():
    conversation = talk()
    sent = conversation.request(call(Verb.COMMAND, "Dial", Number="1"))
    failed = error(conversation, sent, "<Command><Error>older</Error></Command>")
    assert (type(failed), str(failed)) == (CommandFailed, "older")


def test_several_commands_are_answered_in_order():
    conversation = talk()
    calls = [
        call(Verb.COMMAND, "Dial", Number="1"),
        call(Verb.COMMAND, "Audio/Volume/Set", Level=4),
        call(Verb.COMMAND, "Standby/Deactivate"),
    ]
    body = (
        '<Command><DialResult status="OK"><CallId>3</CallId></DialResult><VolumeSetResult status="ParameterError"/>'
        '<StandbyDeactivateResult status="OK"/></Command>'
    )
    sent = conversation.request_all(calls)
    ((first, second, third),) = [reply.result for reply in answer(conversation, sent, body)]
    assert first == {"CallId": 3, "status": "OK"}
    assert type(second) is BadArgument
    assert third == {"status": "OK"}


def test_of_several_commands_one_without_a_result_is_found_by_its_name():
    conversation = talk()
    calls = [call(Verb.COMMAND, "Dial", Number="1"), call(Verb.COMMAND, "Standby/Deactivate")]
    sent = conversation.request_all(calls)
    body = '<Command><StandbyDeactivateResult status="OK"/></Command>'
    ((first, second),) = [reply.result for reply in answer(conversation, sent, body)]
    assert type(first) is BadArgument
    assert second == {"status": "OK"}


def test_a_setting_of_which_nothing_is_said_is_not_taken_for_done():
    conversation = talk()
    sent = conversation.request(setting("Configuration/Audio/DefaultVolume", 5))
    assert type(error(conversation, sent, "<Configuration/>")) is CommandFailed
    sent = conversation.request(setting("Configuration/Audio/DefaultVolume", 5))
    assert type(error(conversation, sent, "<EmptyResult/>")) is UnknownPath


SETTINGS = [
    setting("Configuration/Audio/DefaultVolume", 5),
    setting("Configuration/Video/Input/Connector/2/Name", "b"),
    setting("Configuration/SystemUnit/Name", "c"),
]


@pytest.mark.parametrize(
    "error_element",
    [
        "<Error><Reason>bad</Reason><XPath>/Configuration/Video/Input/Connector[2]/Name</XPath></Error>",
        "<Error>bad: Video Input Connector 2 Name</Error>",
        '<Error location="Configuration/Video/Input/Connector/Name">bad</Error>',
        '<Video><Input><Connector item="2"><Name><Error>bad</Error></Name></Connector></Input></Video>',
        '<Video><Input><Connector item="2"><Name error="True">bad</Name></Connector></Input></Video>',
    ],
)
def test_which_setting_was_refused_is_read_from_wherever_it_stands(error_element):
    conversation = talk()
    sent = conversation.request_all(SETTINGS)
    body = f"<Configuration><Success/>{error_element}</Configuration>"
    ((first, second, third),) = [reply.result for reply in answer(conversation, sent, body)]
    assert (first, third) == (True, True)
    assert type(second) is BadArgument
    assert "bad" in str(second)


def test_where_the_device_does_not_say_which_that_is_said():
    conversation = talk()
    sent = conversation.request_all(SETTINGS)
    told = "<Error>Audio DefaultVolume: too loud</Error><Error>no</Error>"
    refused = error(conversation, sent, f"<Configuration>{told}</Configuration>")
    assert isinstance(refused, NotAllSet)
    assert set(refused.failed) == {SETTINGS[0].path}
    assert refused.unclear == (SETTINGS[1].path, SETTINGS[2].path)


def test_where_all_failed_it_is_plain_which():
    conversation = talk()
    sent = conversation.request_all(SETTINGS)
    ((*all_three,),) = [
        reply.result
        for reply in answer(conversation, sent, "<Configuration><Error/><Error/><Error>x</Error></Configuration>")
    ]
    assert [type(one) for one in all_three] == [BadArgument] * 3


def test_endless_errors_are_not_all_looked_at():
    conversation = talk()
    sent = conversation.request_all(SETTINGS)
    body = "<Configuration>" + "<Error>no</Error>" * 50_000 + "</Configuration>"
    ((*all_three,),) = [reply.result for reply in answer(conversation, sent, body)]
    assert [type(one) for one in all_three] == [BadArgument] * 3


# ---- what a device says of itself -----------------------------------------------------------------


def test_the_documents_that_describe_the_device():
    conversation = talk()
    sent = conversation.describe(Path.parse("Command"))
    assert sent[1].asks == (Ask("/command.xml"),)
    body = '<Command><Dial command="True" role="Admin"><Number item="1"><V>a</V></Number><Number/></Dial></Command>'
    assert answer(conversation, sent, body) == [
        Reply(
            sent[0],
            {
                "Command": {
                    "Dial": {"command": "True", "role": "Admin", "Number": [{"item": "1", "V": {"Value": "a"}}, {}]}
                }
            },
        )
    ]
    sent = conversation.describe(Path.parse("Configuration"))
    assert sent[1].asks == (Ask("/configuration.xml"), Ask("/valuespace.xml"))
    told = answer(conversation, sent, "<Configuration><A/></Configuration>", "<Valuespace><B/></Valuespace>")
    assert told == [Reply(sent[0], {"Configuration": {"A": {}}, "Valuespace": {"B": {}}})]
    with pytest.raises(NotOnThisTransport, match="Command"):
        conversation.describe(Path.parse("Status/Audio"))


# ---- feedback -------------------------------------------------------------------------------------


def subscribe(conversation, path, good=GOOD):
    sent = conversation.request(call(Verb.SUBSCRIBE, path))
    (reply,) = answer(conversation, sent, *[good] * len(sent[1].asks))
    return sent[1].asks, reply.result["Id"]


def receiving(**how):
    return talk(receiver="https://192.0.2.1/word", **how)


def test_without_a_receiver_there_is_no_feedback():
    with pytest.raises(NotOnThisTransport, match="receiver"):
        talk().request(call(Verb.SUBSCRIBE, "Status/Audio"))
    with pytest.raises(NotOnThisTransport):
        receiving().request(call(Verb.SUBSCRIBE, "Status/**/Volume"))


def test_a_slot_holds_what_covers_its_subscriptions():
    conversation = receiving()
    (ask,), narrow = subscribe(conversation, "Status/Audio/Volume")
    assert ask.body == (
        b'<Command><HttpFeedback><Register command="True"><Expression item="1">/Status/Audio/Volume</Expression>'
        b"<FeedbackSlot>4</FeedbackSlot><Format>XML</Format><ServerUrl>https://192.0.2.1/word/4</ServerUrl></Register>"
        b"</HttpFeedback></Command>"
    )
    (ask,), broad = subscribe(conversation, "Status/Audio")
    assert b'<Expression item="1">/Status/Audio</Expression><FeedbackSlot>' in ask.body
    assert subscribe(conversation, "Status/Audio/VolumeMute")[0] == ()
    (ask,) = conversation.unsubscribe(broad)[1].asks
    assert b"/Status/Audio/Volume<" in ask.body
    assert b"/Status/Audio/VolumeMute<" in ask.body
    assert narrow != broad


def test_an_exchange_without_requests_is_answered_all_the_same():
    conversation = receiving()
    subscribe(conversation, "Status/Audio")
    sent = conversation.request(call(Verb.SUBSCRIBE, "Status/Audio"))
    assert sent[1].asks == ()
    assert answer(conversation, sent) == [Reply(sent[0], {"Id": sent[0]})]


def test_the_last_one_frees_the_slot_and_so_does_the_farewell():
    conversation = receiving(slots=(2,))
    _, number = subscribe(conversation, "Status/Audio")
    (ask,) = conversation.unsubscribe(number)[1].asks
    free = (
        b'<Command><HttpFeedback><Deregister command="True"><FeedbackSlot>2</FeedbackSlot></Deregister>'
        b"</HttpFeedback></Command>"
    )
    assert ask.body == free
    assert conversation.farewell() == ()
    subscribe(conversation, "Status/Audio")
    assert [ask.body for ask in conversation.farewell()] == [free]
    assert conversation.farewell() == ()
    assert conversation.unsubscribe(99)[1].asks == ()


def test_slots_are_filled_in_turn_and_then_it_is_enough():
    conversation = receiving(slots=(1, 2))
    taken = [subscribe(conversation, f"Status/Call/{number}")[0][0].body for number in range(2 * MAX_EXPRESSIONS)]
    assert b"<FeedbackSlot>1<" in taken[MAX_EXPRESSIONS - 1]
    assert b"<FeedbackSlot>2<" in taken[MAX_EXPRESSIONS]
    with pytest.raises(TooManySubscriptions):
        conversation.request(call(Verb.SUBSCRIBE, "Status/Call/1000"))


@pytest.mark.parametrize("slots", [(0,), (5,), (1, 1)])
def test_what_is_no_slot(slots):
    with pytest.raises(BadArgument):
        receiving(slots=slots)


def test_a_refused_registration_is_none():
    conversation = receiving()
    sent = conversation.request(call(Verb.SUBSCRIBE, "Status/Audio"), current=True)
    refused = Answer(200, b'<Command><X status="Error"><Reason>no</Reason></X></Command>')
    assert not sent[1].goes_on(refused)
    assert not sent[1].goes_on(Answer(503))
    assert sent[1].goes_on(GOOD)
    assert type(error(conversation, sent, refused)) is CommandFailed
    assert conversation.farewell() == ()


def test_a_forgotten_registration_is_none():
    conversation = receiving()
    sent = conversation.request(call(Verb.SUBSCRIBE, "Status/Audio"))
    conversation.forget(sent[0])
    assert answer(conversation, sent, GOOD) == []
    assert conversation.receive(Posted(4, b"<Status><Audio><Volume>1</Volume></Audio></Status>")) == []


def test_overlapping_subscriptions_each_get_their_part_once():
    conversation = receiving()
    _, broad = subscribe(conversation, "Status/Audio")
    _, narrow = subscribe(conversation, "Status/Audio/Volume")
    body = b"<Status><Identification/><Audio><Volume>41</Volume><VolumeMute>On</VolumeMute></Audio></Status>"
    assert conversation.receive(Posted(4, body)) == [
        Feedback(broad, "Status", {"Status": {"Audio": {"Volume": 41, "VolumeMute": "On"}}}),
        Feedback(narrow, "Status", {"Status": {"Audio": {"Volume": 41}}}),
    ]
    assert conversation.receive(Posted(1, body)) == []
    assert conversation.receive(Posted(4, b"<Status><Identification/></Status>")) == []


def test_a_posted_document_that_is_no_feedback():
    with pytest.raises(ProtocolError):
        receiving().receive(Posted(4, b"<PostedDocument/>"))


def test_half_an_answer_is_a_protocol_error():
    conversation = talk()
    sent = conversation.request(call(Verb.GET, "Status/Audio"))
    with pytest.raises(ProtocolError):
        answer(conversation, sent, "<Status><Audio>")
