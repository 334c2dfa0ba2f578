"""What does not hold, for people one sentence, and for the log a word."""

from roomgate.errors import BadInput, Unreachable


class Unproven(BadInput):
    """What came in the name of an identity provider does not hold. ``why`` is for the log: a stranger learns nothing."""

    code = "provider.unproven"
    hint = "Start the sign-in again. If it lasts, the hub's log has the reason."

    def __init__(self, why: str) -> None:
        super().__init__("What came from the identity provider does not hold.")
        self.why = why


class ProviderAway(Unreachable):
    """The identity provider does not answer, or not as it should. ``why`` is for the log."""

    code = "provider.unreachable"
    hint = "Try again; if it lasts, sign in another way and look at the provider."

    def __init__(self, why: str) -> None:
        super().__init__("The identity provider does not answer.")
        self.why = why
