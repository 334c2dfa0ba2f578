"""Small things of the unit itself: its clock, its banners, its option keys, its self-test, messages to listeners."""

from dataclasses import dataclass

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.state import State

_OPTIONS = ("Encryption", "MultiSite", "RemoteMonitoring", "DeveloperPreview", "AVIntegrator")


@dataclass(slots=True)
class System:
    """The unit's own small state: the two banners."""

    state: State
    sign_in_banner: str = ""
    welcome_banner: str = ""

    def get_time(self, asked: Asked) -> Answer:
        """UTC, whatever zone is set: the simulated clock is the program's own."""
        now = asked.now
        return {
            "Year": now.year,
            "Month": now.month,
            "Day": now.day,
            "Hour": now.hour,
            "Minute": now.minute,
            "Second": now.second,
        }

    def diagnose(self, asked: Asked) -> Answer:
        """The messages that stand in the status; a simulated unit finds nothing more by itself."""
        found = self.state.read("Status", "Diagnostics", "Message") or []
        return {"Message": found} if found and asked.text("ResultSet", "Alerts") != "None" else {}

    def list_options(self, _: Asked) -> Answer:
        keys = self.state.read("Status", "SystemUnit", "Software", "OptionKeys") or {}
        rows = [{"id": n, "Type": name, "Active": keys.get(name, "False")} for n, name in enumerate(_OPTIONS, 1)]
        return {"OptionKey": rows}

    def set_sign_in_banner(self, asked: Asked) -> Answer:
        self.sign_in_banner = asked.call.body or ""
        self.state.event("SystemUnit", "SignInBannerChanged")
        return {}

    def clear_sign_in_banner(self, _: Asked) -> Answer:
        self.sign_in_banner = ""
        self.state.event("SystemUnit", "SignInBannerChanged")
        return {}

    def get_sign_in_banner(self, _: Asked) -> Answer:
        return {"Message": self.sign_in_banner}

    def set_welcome_banner(self, asked: Asked) -> Answer:
        self.welcome_banner = asked.call.body or ""
        return {}

    def clear_welcome_banner(self, _: Asked) -> Answer:
        self.welcome_banner = ""
        return {}

    def get_welcome_banner(self, _: Asked) -> Answer:
        return {"Message": self.welcome_banner}

    def send_message(self, asked: Asked) -> Answer:
        """To whoever listens to the event, as macros and integrations do."""
        self.state.event("Message", "Send", Text=asked.text("Text"))
        return {}


COMMANDS: Commands[System] = {
    "Time/DateTime/Get": System.get_time,
    "Diagnostics/Run": System.diagnose,
    "SystemUnit/OptionKey/List": System.list_options,
    "SystemUnit/SignInBanner/Set": System.set_sign_in_banner,
    "SystemUnit/SignInBanner/Get": System.get_sign_in_banner,
    "SystemUnit/SignInBanner/Clear": System.clear_sign_in_banner,
    "SystemUnit/WelcomeBanner/Set": System.set_welcome_banner,
    "SystemUnit/WelcomeBanner/Get": System.get_welcome_banner,
    "SystemUnit/WelcomeBanner/Clear": System.clear_welcome_banner,
    "Message/Send": System.send_message,
}
