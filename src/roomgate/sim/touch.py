"""What a finger on the room's screen does, and what the world does to the room: pure, for the screen's page.

Every touch wakes the room. Nothing here is a command of the API: whoever stands in the room needs no role.
"""

from datetime import datetime

import msgspec

from roomgate.errors import BadInput
from roomgate.sim.device import Device
from roomgate.sim.extensions import ACTIONS

BY = "panel"
WORLD = ("/ring", "/far-end")


class Touch(msgspec.Struct, forbid_unknown_fields=True):
    """What a finger can say; each act reads its own fields."""

    booking: str = ""
    feedback: str = ""
    option: int = 0
    call: int = 0
    number: str = ""
    name: str = ""
    text: str = ""
    panel: str = ""
    page: str = ""
    widget: str = ""


def press(device: Device, act: str, touch: Touch, now: datetime) -> None:
    """Do one act. Raises BadInput for none that there is, and a Refused where the device says no."""
    if act not in WORLD:
        device.standby.wake(now)
    if not (_call(device, act, touch, now) or _answer(device, act, touch) or _room(device, act, touch, now)):
        raise BadInput("No such button")


def _call(device: Device, act: str, touch: Touch, now: datetime) -> bool:
    calls = device.calls
    match act:
        case "/join":
            booking = device.diary.find(touch.booking)
            if booking is None or not device.diary.can_join(booking, now):
                raise BadInput("This meeting cannot be joined now")
            device.state.note("panel.join", booking=booking.id, number=booking.number)
            protocol = booking.protocol if booking.protocol in ("Spark", "WebRTC", "H323") else "SIP"
            name = "Private meeting" if booking.privacy == "Private" else booking.title
            calls.place(booking.number, name, protocol, booking.id, BY, now)
        case "/dial":
            calls.place(touch.number, "", "SIP", "", BY, now)
        case "/pick-up":
            calls.pick_up(BY, now, touch.call)
        case "/hang-up":
            device.state.note("panel.hang-up")
            calls.hang_up(touch.call, BY, now)
        case "/hold":
            calls.put_on_hold(touch.call, "Transfer" if touch.option else "Other")
        case "/resume":
            calls.take_off_hold(touch.call)
        case "/transfer":
            calls.transfer_attended(BY, now)
        case "/tones":
            calls.send_tones(touch.call, touch.text)
        case "/ring":
            calls.ring(touch.number or "caller@example.com", touch.name, now)
        case "/far-end":
            calls.end_by_far_end(touch.call, now)
        case _:
            return False
    return True


def _answer(device: Device, act: str, touch: Touch) -> bool:
    match act:
        case "/answer":
            device.messages.answer(touch.feedback, touch.option, BY)
        case "/rate":
            device.questions.rate(touch.feedback, touch.option, BY)
        case "/write":
            device.questions.write(touch.feedback, touch.text, BY)
        case "/dismiss":
            if touch.feedback:
                device.messages.dismiss_prompt(touch.feedback, BY)
            else:
                device.messages.dismiss_alert(BY)
        case "/skip":
            device.questions.clear_rating(BY)
            device.questions.clear_text_input(BY)
        case _:
            return False
    return True


def _room(device: Device, act: str, touch: Touch, now: datetime) -> bool:
    match act:
        case "/mute":
            device.audio.mute_microphones(muted=not device.audio.microphones_are_muted())
            device.state.note("panel.mute", microphones="On" if device.audio.microphones_are_muted() else "Off")
        case "/camera":
            muted = device.state.read("Status", "Video", "Input", "MainVideoMute") == "On"
            device.state.put("Video", "Input", "MainVideoMute", value="Off" if muted else "On")
            device.state.note("panel.camera", muted="Off" if muted else "On")
        case "/volume":
            device.state.put("Audio", "Volume", value=max(0, min(100, touch.option)))
        case "/wake":
            pass  # the touch did it
        case "/rest":
            device.standby.sleep()
        case "/panel":
            device.extensions.touch_panel(touch.panel)
        case "/page":
            device.extensions.touch_page(touch.page)
        case "/close-panel":
            device.extensions.put_away()
        case "/widget":
            widget = device.extensions.widgets().get(touch.widget)
            for action in ACTIONS.get(widget.type, ()) if widget else ("pressed",):
                device.extensions.touch_widget(touch.widget, action, touch.text)
        case _:
            return False
    return True
