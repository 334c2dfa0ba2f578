"""A device of a few lines that keeps macros and panels, for the hub's side of them."""

import json
from dataclasses import dataclass, field
from typing import Any

from roomgate.link.messages import Outcome
from roomgate.sim.extension_panel import parse_panel
from roomgate.xapi.call import Call

PANEL = """<Extensions>
  <Version>1.11</Version>
  <Panel>
    <Order>1</Order>
    <PanelId>lights</PanelId>
    <Location>HomeScreen</Location>
    <Icon>Lightbulb</Icon>
    <Color>#1170CF</Color>
    <Name>Lights &amp; blinds</Name>
    <ActivityType>Custom</ActivityType>
    <Page>
      <Name>Main</Name>
      <Row>
        <Name>Scene</Name>
        <Widget>
          <WidgetId>scene</WidgetId>
          <Type>GroupButton</Type>
          <Options>size=4;columns=2</Options>
          <ValueSpace>
            <Value><Key>a</Key><Name>Bright</Name></Value>
            <Value><Key>b</Key><Name>Dark</Name></Value>
          </ValueSpace>
        </Widget>
      </Row>
      <Row>
        <Name>More</Name>
        <Widget><WidgetId>dim</WidgetId><Type>Slider</Type><Options>size=3</Options></Widget>
        <Widget><WidgetId>on</WidgetId><Type>ToggleButton</Type></Widget>
        <Widget><WidgetId>pad</WidgetId><Type>DirectionalPad</Type></Widget>
        <Widget><WidgetId>spin</WidgetId><Type>Spinner</Type><Name>21</Name></Widget>
        <Widget><WidgetId>go</WidgetId><Type>Button</Type><Name>Go</Name></Widget>
        <Widget><WidgetId>icon</WidgetId><Type>IconButton</Type></Widget>
        <Widget><WidgetId>say</WidgetId><Type>Text</Type><Name>Quiet</Name></Widget>
        <Widget><WidgetId>gap</WidgetId><Type>Spacer</Type></Widget>
      </Row>
      <PageId>lights_main</PageId>
    </Page>
  </Panel>
</Extensions>
"""
MACRO = "import xapi from 'xapi';\nconsole.log('canary-4711');\n"


@dataclass
class Programmed:
    """``asked``: the commands that came. ``refusals``: by command, what the site answers instead."""

    macros: dict[str, str] = field(default_factory=dict)
    active: set[str] = field(default_factory=set)
    panels: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refusals: dict[str, Outcome] = field(default_factory=dict)
    never: tuple[str, ...] = ()

    def __call__(self, call: Call) -> Any:
        words = " ".join(call.path.words)
        self.asked.append(words)
        if words in self.refusals:
            return self.refusals[words]
        given = dict(call.arguments)
        name = str(given.get("Name", given.get("PanelId", "")))
        match words.removeprefix("Macros ").removeprefix("UserInterface Extensions "):
            case "Macro Get":
                return self._get(name, given.get("Content") == "True")
            case "Macro Save":
                self.macros[name] = call.body or ""
            case "Macro Remove":
                del self.macros[name]
            case "Macro Activate":
                self.active.add(name)
            case "Macro Deactivate":
                self.active.discard(name)
            case "Runtime Status":
                return {"ActiveMacros": len(self.active), "Crashes": 0, "Running": "True"}
            case "Log Get":
                line = {"Level": "Info", "Macro": "a", "Message": "<b>hello</b>", "Offset": 0, "Timestamp": "T"}
                return {"Log": [line]}
            case "Panel Save":
                self.panels[name] = call.body or ""
            case "Panel Remove":
                del self.panels[name]
            case "Export":
                rows = [parse_panel(text, id).whole(n) for n, (id, text) in enumerate(self.panels.items(), 1)]
                return {"Extensions": {"Version": "1.11", "Panel": rows}}
            case "Roomgate Allowed Get":
                return {"Verdicts": [self._verdict(one["path"]) for one in json.loads(call.body or "[]")]}
            case "Mode":
                return "On"
        return {}

    def _get(self, name: str, content: bool) -> Any:
        return {
            "Macro": [
                {"id": n, "Name": one, "Active": str(one in self.active), **({"Content": text} if content else {})}
                for n, (one, text) in enumerate(self.macros.items(), 1)
                if name in ("", one)
            ]
        }

    def _verdict(self, path: str) -> dict[str, str]:
        if path in self.never:
            return {"verdict": "refused", "rule": "never", "words": f"{path} is never done for somebody outside."}
        return {"verdict": "allowed", "rule": "", "words": ""}
