"""What one scripted device says, written out for each of the three interfaces: JSON-RPC, terminal and XML.

Written from the protocol's description alone, not from our readers: the same data, three times.
"""

import json
import re
from xml.sax.saxutils import escape, quoteattr

from roomgate.xapi import jsonrpc, tshell, xmldoc
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue

VERSIONED = {"product": "Cisco Codec", "version": "ce26.4.1.3.0123456789a", "apiVersion": "4"}
IDENTITY = (
    "<Identification><SystemName>Board East</SystemName><SerialNumber>FOC0000AAAA</SerialNumber></Identification>"
)


class JsonRpcSide:
    """Answers in JSON-RPC 2.0."""

    patterns = True

    def __init__(self):
        self.conversation = jsonrpc.Conversation()

    def hear(self, message):
        return list(self.conversation.receive(json.dumps({"jsonrpc": "2.0", **message}).encode()))

    def result(self, asked, result):
        return self.hear({"id": asked[0], "result": result})

    def error(self, asked, code, message):
        return self.hear({"id": asked[0], "error": {"code": code, "message": message}})

    def read(self, asked, call, document, *, rooted=False):
        return self.result(asked, document if rooted or call.path.is_pattern else at(document, call.path.parts))

    def nothing_there(self, asked, call):
        return self.result(asked, {} if call.path.is_pattern else [])

    def is_set(self, asked):
        return self.result(asked, True)

    def done(self, asked, call, result):
        return self.result(asked, {**result, "status": "OK"})

    def bad_value(self, asked, call):
        return self.error(asked, -32602, "Bad usage: Bad argument to parameter.")

    def failed(self, asked, call, reason):
        return self.error(asked, 1, reason)

    def unknown_command(self, asked, call):
        return self.error(asked, -32601, "Method not found.")

    def subscribed(self, asked, call, now=None):
        told = self.result(asked, {"Id": 41})
        return told + (self.feedback(41, call, now) if now else [])

    def feedback(self, subscription, call, document):
        return self.hear({"method": "xFeedback/Event", "params": {"Id": subscription, **document}})

    def unsubscribed(self, asked):
        return self.result(asked, True)

    def rubbish(self):
        return [b"", b"no", b"[]", b"{}", b'{"id":7,"result":1}', b"[" * 10_000, b"\xff"]


class TerminalSide:
    """Answers in the JSON of the terminal."""

    patterns = False

    def __init__(self):
        self.conversation = tshell.Conversation(Catalogue.shipped())

    def hear(self, document):
        return list(self.conversation.receive(json.dumps(document).encode()))

    def answer(self, asked, *documents):
        """One document for each tag of the request."""
        told = []
        tags = re.findall(rb'resultId="(\d+)"\n', asked[1])
        for tag, document in zip(tags, documents, strict=True):
            told += self.hear({**document, "ResultId": tag.decode()})
        return told

    def read(self, asked, call, document, *, rooted=False):
        return self.answer(asked, terminal(document))

    def nothing_there(self, asked, call):
        return self.answer(asked, {})

    def is_set(self, asked):
        return self.answer(asked, {})

    def done(self, asked, call, result):
        name = "".join(call.path.words[-2:]) + "Result"
        return self.answer(asked, {"CommandResponse": {name: {**terminal(result), "status": "OK"}}})

    def bad_value(self, asked, call):
        if call.verb is Verb.SET:
            marked = {"Value": "Illegal value", "error": "True"}
            for part in reversed(call.path.parts):
                marked = {part: marked}
            return self.answer(asked, marked)
        name = "".join(call.path.words[-2:]) + "Result"
        return self.answer(asked, {"CommandResponse": {name: {"status": "ParameterError"}}})

    def failed(self, asked, call, reason):
        name = "".join(call.path.words[-2:]) + "Result"
        return self.answer(asked, {"CommandResponse": {name: {"Reason": {"Value": reason}, "status": "Error"}}})

    def unknown_command(self, asked, call):
        told = {
            "Reason": {"Value": "Unknown command"},
            "XPath": {"Value": f"/{call.path.words[-1]}"},
            "status": "Error",
        }
        return self.answer(asked, {"CommandResponse": {"Result": told}})

    def subscribed(self, asked, call, now=None):
        return self.answer(asked, {}, *([terminal(now)] if now else []))

    def feedback(self, subscription, call, document):
        return self.hear(terminal(document))

    def unsubscribed(self, asked):
        return self.answer(asked, {})

    def rubbish(self):
        return [b"", b"no", b"[]", b'{"ResultId":"7"}', b'{"ResultId":[]}', b'{"a":' + b"[" * 10_000, b"\xff"]


class XmlSide:
    """Answers in XML over HTTP."""

    patterns = True

    def __init__(self):
        self.conversation = xmldoc.Conversation(Catalogue.shipped(), receiver="https://192.0.2.1:8443/word")

    def answer(self, asked, *bodies, status=200):
        """One answer for each request of the exchange, as far as it goes on."""
        number, exchange = asked
        answers = []
        for _, body in zip(exchange.asks, bodies, strict=False):
            if answers and not exchange.goes_on(answers[-1]):
                break
            answers.append(xmldoc.Answer(status, body.encode()))
        return list(self.conversation.receive(xmldoc.Answered(number, tuple(answers))))

    def read(self, asked, call, document, *, rooted=False):
        return self.answer(asked, xml(document, **VERSIONED))

    def nothing_there(self, asked, call):
        nothing = '<EmptyResult product="Cisco Codec" version="ce26.4.1.3.0123456789a" apiVersion="4"/>'
        return self.answer(asked, nothing, nothing)

    def is_set(self, asked):
        return self.answer(asked, "<Configuration><Success/></Configuration>")

    def done(self, asked, call, result):
        name = "".join(call.path.words[-2:]) + "Result"
        return self.answer(asked, f'<Command><{name} status="OK">{members(result)}</{name}></Command>')

    def bad_value(self, asked, call):
        if call.verb is Verb.SET:
            return self.answer(asked, "<Configuration><Error><Reason>Illegal value</Reason></Error></Configuration>")
        name = "".join(call.path.words[-2:]) + "Result"
        return self.answer(asked, f'<Command><{name} status="ParameterError"/></Command>')

    def failed(self, asked, call, reason):
        name = "".join(call.path.words[-2:]) + "Result"
        return self.answer(
            asked, f'<Command><{name} status="Error"><Reason>{escape(reason)}</Reason></{name}></Command>'
        )

    def unknown_command(self, asked, call):
        return self.answer(asked, "<ActionError><Reason>No action detected in document</Reason></ActionError>")

    def subscribed(self, asked, call, now=None):
        good = '<Command><HttpFeedbackRegisterResult status="OK"/></Command>'
        return self.answer(asked, good, *([xml(now, **VERSIONED)] if now else []))

    def feedback(self, subscription, call, document):
        posted = xml(document).replace(">", ">" + IDENTITY, 1)
        return list(self.conversation.receive(xmldoc.Posted(4, posted.encode())))

    def unsubscribed(self, asked):
        return self.answer(asked, '<Command><HttpFeedbackDeregisterResult status="OK"/></Command>')

    def rubbish(self):
        bodies = [b"", b"no", b"<a", b"<!DOCTYPE a []><Status/>", b"<Status>&amp", b"<a>" * 1000, b"\xff", b"<Other/>"]
        return [xmldoc.Posted(4, body) for body in bodies]


SIDES = {"json-rpc": JsonRpcSide, "terminal": TerminalSide, "xml": XmlSide}


def at(document, parts):
    for part in parts:
        document = next(one for one in document if one["id"] == part) if isinstance(part, int) else document[part]
    return document


def terminal(node):
    """A document as the terminal's JSON has it: values in ``Value``, ids and ghosts as text."""
    if isinstance(node, dict):
        return {name: str(value) if name in ("id", "ghost") else terminal(value) for name, value in node.items()}
    if isinstance(node, list):
        return [terminal(one) for one in node]
    return {"Value": str(node)}


def xml(document, **attributes):
    ((root, inside),) = document.items()
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<{root}{written}>\n{members(inside)}</{root}>\n"


def members(node):
    """The members of a subtree as XML has them: a list as repeated elements with their number."""
    written = ""
    for name, value in node.items():
        if name in ("id", "ghost"):
            continue
        for one in value if isinstance(value, list) else [value]:
            attributes = f' item="{one["id"]}" maxOccurrence="n"' if isinstance(value, list) else ""
            attributes += ' ghost="True"' if isinstance(one, dict) and "ghost" in one else ""
            inside = "\n" + members(one) if isinstance(one, dict) else escape(str(one))
            written += f"<{name}{attributes}>{inside}</{name}>\n"
    return written
