"""What of the network side is a matter of reading: one switch each, for whoever tries a client on both."""

from dataclasses import dataclass

from roomgate.sim.gate import Gate, basic_gate, cookie_gate
from roomgate.sim.profile import Profile

_GENEROUS_COOKIE = (750.0, 3000)  # as far above the real limit as the profile's limit for Basic is


@dataclass(frozen=True, slots=True)
class Wires:
    """``real_limits``: the rate limits are a device's own, not those that a test suite lives under.
    ``session_needs_admin``: the guide says so of the session API; other accounts are seen to use it.
    ``bare_unsupported``: an argument that a command does not know gives a bare ``<Command/>`` (seen by third
    parties), not a ParameterError.
    ``expired_redirects``: a session's cookie that is no good any more is sent to the sign-in page (old versions),
    not answered 401.
    """

    real_limits: bool = False
    session_needs_admin: bool = False
    bare_unsupported: bool = False
    expired_redirects: bool = False

    def basic_gate(self, profile: Profile) -> Gate:
        """The limit for requests and upgrades with Basic authentication."""
        return basic_gate() if self.real_limits else Gate(profile.upgrade_rate, profile.upgrade_queue)

    def cookie_gate(self) -> Gate:
        """The limit for requests with a session's cookie."""
        return cookie_gate() if self.real_limits else Gate(*_GENEROUS_COOKIE)
