"""Rule packs for the tests: the smallest that is accepted, and what others say instead."""

from roomgate.meetings.rules.build import parse_pack
from roomgate.meetings.rules.catalogue import Catalogue, shipped
from roomgate.meetings.rules.pack import Pack

OWN = """
format = 1
service = "bridge"
version = 1
title = "the bridge"

[[rule]]
name = "the bridge's number"
match = 'Bridge:\\s*(?P<number>[0-9]{4,8})'
address = "{number}@video.example.com"

[[sample]]
name = "a number"
domains = ["example.com"]
text = "Bridge: 4711"
join = "4711@video.example.com"
"""


def own(text: str = OWN) -> Pack:
    return parse_pack(text.encode(), "bridge.toml", own=True)


def with_own(text: str = OWN) -> Catalogue:
    return shipped().with_own([own(text)])
