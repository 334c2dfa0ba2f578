"""In a call: which service it is with, and which of that service's controls a room can reach by tones. Pure.

A control is here only if a public page of its maker, or a sample that Cisco publishes, gives its code:

* Zoom: ``*`` and a number, from the sample macro "Join Zoom with DTMF Zoom Tools" (RoomOS macro samples).
* Webex: help.webex.com, "Meeting controls and notifications on video conferencing devices"; for the host alone.
* Pexip: docs.pexip.com, "Using a DTMF keypad to control a conference"; for hosts alone. A company may change the
  codes in its theme, and nobody outside can see that it did.

Teams and Meet have none here: their interop gateways take tones for layout and mute, but which is not established.

Which service a call is with is told by the domain that was dialled, where it is one of a service's own, and by the
booking that the room joined. Where the two say different things, or neither says anything, it is none: tones sent to
the wrong service may do there whatever they please.
"""

from dataclasses import dataclass

from roomgate.meetings.address import AddressRefused, SipAddress
from roomgate.meetings.booking import plain_number
from roomgate.meetings.rules.catalogue import shipped

ZOOM, WEBEX, PEXIP = "zoom", "webex", "pexip"

_WEBEX_SITES = "webex.com"
# Below Webex's own domain, and no meeting of a site: gateways into other services, and the spaces of its app.
_NOT_WEBEX_SITES = ("m.webex.com", "lync.webex.com", "meet.webex.com")
# Gateways into other services: whatever the booking says, the tones would reach the gateway first.
_GATEWAYS = (*_NOT_WEBEX_SITES, "plcm.vc", "onpexip.com", "pexip.me")


@dataclass(frozen=True, slots=True)
class Control:
    """One thing that tones do. ``host``: the service does it for the meeting's host only."""

    id: str
    tones: str
    english: str
    chinese: str
    host: bool = False

    def name(self, chinese: bool) -> str:
        return self.chinese if chinese else self.english


CONTROLS: dict[str, tuple[Control, ...]] = {
    ZOOM: (
        Control("mute", "*12", "Mute or unmute me", "静音或取消静音"),
        Control("layout", "*11", "Layout", "布局"),
        Control("hand", "*13", "Raise or lower hand", "举手或放下"),
        Control("participants", "*16", "Participants", "参会者"),
        Control("about", "*19", "About this meeting", "会议信息"),
        Control("close", "*", "Close list", "关闭列表"),
        Control("names", "*102", "Names on or off", "显示或隐藏姓名"),
        Control("video-only", "*105", "People without video", "无视频参会者"),
        Control("previous", "*104", "Previous page", "上一页"),
        Control("next", "*106", "Next page", "下一页"),
        Control("chat", "*107", "Chat on or off", "显示或隐藏聊天"),
        Control("captions", "*108", "Captions on or off", "字幕开关"),
        Control("speaker-over", "*109", "Speaker over content", "发言人置于共享内容之上"),
        Control("record", "*172", "Record", "录制", host=True),
        Control("admit", "*160", "Admit", "准入", host=True),
        Control("lock", "*171", "Lock or unlock", "锁定或解锁", host=True),
        Control("mute-all", "*176", "Mute all", "全体静音", host=True),
        Control("unmute-all", "*177", "Unmute all", "全体取消静音", host=True),
        Control("mute-entry", "*174", "Mute on entry", "入会时静音", host=True),
        Control("waiting-room", "*178", "Waiting room", "等候室", host=True),
        Control("end", "*175", "End for everyone", "为所有人结束会议", host=True),
    ),
    WEBEX: (
        Control("mute", "*6", "Mute or unmute me", "静音或取消静音", host=True),
        Control("lock", "*5", "Lock or unlock", "锁定或解锁", host=True),
        Control("mute-all", "##", "Mute all others", "将其他人静音", host=True),
        Control("unmute-all", "99", "Unmute all", "全体取消静音", host=True),
    ),
    PEXIP: (
        Control("mute", "*6", "Mute or unmute me", "静音或取消静音", host=True),
        Control("layout", "*8", "Everyone's layout", "所有人的布局", host=True),
        Control("content", "*4", "Content in the layout", "布局中的共享内容", host=True),
        Control("screens", "*9", "Several screens", "多屏显示", host=True),
        Control("mute-guests", "*5", "Mute or unmute guests", "来宾静音或取消静音", host=True),
        Control("lock", "*7", "Lock or unlock", "锁定或解锁", host=True),
        Control("end", "##", "End for everyone", "为所有人结束会议", host=True),
    ),
}


def find_control(service: str, id_: str) -> Control | None:
    return next((one for one in CONTROLS.get(service, ()) if one.id == id_), None)


def decide_service(number: str, booked: str | None) -> str | None:
    """The service that a call to ``number`` is with, if it has controls.

    ``booked``: the service of the booking that the room joined by it, as `meetings.understand` names it; None where
    the call belongs to no booking of ours.
    """
    address = _find_address(number)
    if address is None or address.within(*_GATEWAYS):
        return None
    dialled = _service_at(address)
    # "sip" and "none" are what an invitation is called that names no service.
    told = None if booked in (None, "sip", "none") else booked
    if dialled and told and dialled != told:
        return None
    service = dialled or told
    return service if service in CONTROLS else None


def _find_address(number: str) -> SipAddress | None:
    try:
        return SipAddress.parse(plain_number(number))
    except AddressRefused:
        return None


def _service_at(address: SipAddress) -> str | None:
    if (pack := shipped().find(ZOOM)) and address.within(*pack.domains):
        return ZOOM
    # A site is one name, or a few, below the domain; the bare domain is nobody's site.
    if address.within(_WEBEX_SITES) and address.host != _WEBEX_SITES and not address.within(*_NOT_WEBEX_SITES):
        return WEBEX
    return None
