"""The panel with a service's controls, as the device's own user interface shows it. Pure.

The document is written from fixed words alone: nothing that an invitation, a calendar or a hub says gets into it.
Its layout is that of panels which run on real devices (RoomOS panel XML, versions 1.5 to 1.11). What only the host
may do stands on a page of its own, so that nobody reaches it by a slip of the finger.
"""

from xml.sax.saxutils import escape

from roomgate.meetings.in_call import CONTROLS, Control, find_control

PREFIX = "roomgate-call"  # of everything that is ours on a device's user interface
PANEL_ID = f"{PREFIX}-controls"
_VERSION = "1.11"
_A_ROW = 2  # buttons; each takes two of a row's four columns
_TITLES = {"zoom": "Zoom", "webex": "Webex", "pexip": "Pexip"}
_WORDS = {
    # (English, Simplified Chinese)
    "controls": ("controls", "会议控制"),
    "meeting": ("Meeting", "会议"),
    "host": ("Host only", "仅限主持人"),
}
_CHINESE = "ChineseSimplified"  # the device's word for it (Configuration UserInterface Language)


def widget_id(service: str, control: Control) -> str:
    """Which widget it is, on any device: pressing it sends this control's tones and nothing else."""
    return f"{PREFIX}.{service}.{control.id}"


def find_pressed(service: str, widget: str) -> Control | None:
    """The control that a widget stands for; None for another's widget, and for another service's."""
    ours = f"{PREFIX}.{service}."
    return find_control(service, widget.removeprefix(ours)) if widget.startswith(ours) else None


def build_panel(service: str, language: str = "") -> str:
    """The panel's document. ``language`` is the device's own word for its language; unknown ones get English.

    Raises KeyError for a service that has no controls: then there is no panel.
    """
    chinese = language == _CHINESE
    pages = [
        _page(service, word, [one for one in CONTROLS[service] if one.host is host], chinese)
        for word, host in (("meeting", False), ("host", True))
    ]
    return (
        f"<Extensions><Version>{_VERSION}</Version><Panel><Order>1</Order><PanelId>{PANEL_ID}</PanelId>"
        f"<Location>CallControls</Location><Icon>Input</Icon><Color>#335C85</Color>"
        f"<Name>{escape(_TITLES[service])} {_word('controls', chinese)}</Name><ActivityType>Custom</ActivityType>"
        f"{''.join(pages)}</Panel></Extensions>"
    )


def _page(service: str, word: str, controls: list[Control], chinese: bool) -> str:
    if not controls:
        return ""
    rows = [controls[first : first + _A_ROW] for first in range(0, len(controls), _A_ROW)]
    return (
        f"<Page><Name>{_word(word, chinese)}</Name>"
        + "".join(
            f"<Row><Name>{_word(word, chinese)}</Name>{''.join(_button(service, one, chinese) for one in row)}</Row>"
            for row in rows
        )
        + f"<PageId>{PREFIX}.{word}</PageId><Options>hideRowNames=1</Options></Page>"
    )


def _button(service: str, control: Control, chinese: bool) -> str:
    return (
        f"<Widget><WidgetId>{escape(widget_id(service, control))}</WidgetId><Name>{escape(control.name(chinese))}</Name>"
        "<Type>Button</Type><Options>size=2</Options></Widget>"
    )


def _word(word: str, chinese: bool) -> str:
    return escape(_WORDS[word][chinese])
