"""What the room's screen shows, as one document for its page: pure. Times are UTC; the page writes local ones."""

from datetime import datetime
from typing import Any

from roomgate.sim.asked import stamp
from roomgate.sim.device import Device
from roomgate.sim.diary import Booking
from roomgate.sim.extensions import shown
from roomgate.sim.messages import Messages
from roomgate.sim.questions import Questions

_SHOWN_BOOKINGS = 4
_IDLE = ("HomeScreen", "HomeScreenAndCallControls", "ControlPanel")
_IN_CALL = ("CallControls", "HomeScreenAndCallControls", "ControlPanel")


def show(device: Device, now: datetime) -> dict[str, Any]:
    """Everything that the screen shows now."""
    read = device.state.read
    coming = [one for one in device.diary.bookings if one.closes > now]
    messages = device.messages
    return {
        "room": read("Configuration", "SystemUnit", "Name"),
        "now": stamp(now),
        "bookings": [_booking(one, device.diary.can_join(one, now)) for one in coming[:_SHOWN_BOOKINGS]],
        "calls": [
            {
                "id": call.id,
                "name": call.name or call.number,
                "number": call.number,
                "status": call.status,
                "direction": call.direction,
                "by": call.by,
                "since": stamp(call.connected or call.began),
                "transfer": call.hold_reason == "Transfer",
            }
            for call in device.calls.ongoing.values()
            if not call.ignored
        ],
        "prompt": _prompt(messages),
        **_questions(device.questions),
        "alert": {"title": messages.alert.title, "text": messages.alert.text} if messages.alert else None,
        "line": messages.line.text if messages.line else None,
        "web": {"title": device.web_view.title, "url": device.web_view.url} if device.web_view.url else None,
        "microphones": read("Status", "Audio", "Microphones", "Mute"),
        "camera": read("Status", "Video", "Input", "MainVideoMute"),
        "volume": read("Status", "Audio", "Volume"),
        "standby": read("Status", "Standby", "State"),
        "quiet": device.disturb.is_on,
        **_extensions(device),
    }


def _booking(one: Booking, joinable: bool) -> dict[str, Any]:
    private = one.privacy == "Private"
    return {
        "id": one.id,
        "title": "Private meeting" if private else one.title,
        "organizer": "" if private else one.organizer.name,
        "start": stamp(one.time.start_time),
        "end": stamp(one.ends),
        "opens": stamp(one.opens),
        "joinable": joinable,
    }


def _prompt(messages: Messages) -> dict[str, Any] | None:
    prompt = messages.prompt
    if prompt is None:
        return None
    return {
        "feedback": prompt.feedback,
        "title": prompt.title,
        "text": prompt.text,
        "options": [{"option": number, "text": words} for number, words in prompt.options],
        "began_ms": int(prompt.began.timestamp() * 1000),
        "ends_ms": int(prompt.ends.timestamp() * 1000) if prompt.ends else None,
    }


def _questions(questions: Questions) -> dict[str, Any]:
    rating, field = questions.rating, questions.text_input
    return {
        "rating": {"feedback": rating.feedback, "title": rating.title, "text": rating.text} if rating else None,
        "input": {
            "feedback": field.feedback,
            "title": field.title,
            "text": field.text,
            "kind": field.kind,
            "given": field.given,
            "placeholder": field.placeholder,
            "submit": field.submit,
        }
        if field
        else None,
    }


def _extensions(device: Device) -> dict[str, Any]:
    extensions = device.extensions
    places = _IN_CALL if device.calls.ongoing else _IDLE
    buttons = sorted(
        (one for one in extensions.panels.values() if one.location in places and one.visibility != "Hidden"),
        key=lambda one: (one.order, one.id),
    )
    opened = extensions.panels.get(extensions.open_panel)
    return {
        "buttons": [{"id": one.id, "name": one.name or one.id} for one in buttons],
        "panel": shown(opened, extensions.values, extensions.open_page) if opened and opened.pages else None,
    }
