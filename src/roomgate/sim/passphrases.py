"""The password policy: what `Configuration UserManagement PasswordPolicy` asks of a new passphrase.

A policy that changed counts from the next new passphrase on. How a device reckons entropy is not established;
here it is length times the bits of the character classes that are used.
"""

import math
from dataclasses import dataclass
from typing import Self

from roomgate.sim.state import State


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of the policy; 0 asks for nothing. ``lifetime`` in days, ``entropy`` in bits."""

    length: int = 8
    digits: int = 0
    lowercase: int = 0
    uppercase: int = 0
    special: int = 0
    entropy: int = 0
    reuse: int = 12
    lifetime: int = 0

    @classmethod
    def of(cls, state: State) -> Self:
        """The policy that is in force."""
        found = state.read("Configuration", "UserManagement", "PasswordPolicy") or {}
        complexity = found.get("Complexity", {})
        return cls(
            length=_number(complexity, "MinimumLength", 8),
            digits=_number(complexity, "MinimumDigits", 0),
            lowercase=_number(complexity, "MinimumLowercase", 0),
            uppercase=_number(complexity, "MinimumUppercase", 0),
            special=_number(complexity, "MinimumSpecial", 0),
            entropy=_number(complexity, "MinimumEntropy", 0),
            reuse=_number(found, "ReuseLimit", 12),
            lifetime=_number(found, "MaxLifetime", 0),
        )

    def weakness(self, passphrase: str) -> str:
        """What the passphrase lacks, as a sentence; empty where it lacks nothing."""
        if len(passphrase) < self.length:
            return f"The passphrase is too short: it needs {self.length} characters"
        counts = {
            "digits": (sum(one.isdigit() for one in passphrase), self.digits),
            "lower-case letters": (sum(one.islower() for one in passphrase), self.lowercase),
            "upper-case letters": (sum(one.isupper() for one in passphrase), self.uppercase),
            "special characters": (sum(not one.isalnum() for one in passphrase), self.special),
        }
        for words, (has, needs) in counts.items():
            if has < needs:
                return f"The passphrase needs {needs} {words}"
        if entropy_bits(passphrase) < self.entropy:
            return f"The passphrase needs {self.entropy} bits of entropy"
        return ""


def entropy_bits(passphrase: str) -> float:
    """Length times the bits of the character classes in it."""
    size = 0
    for used, count in (
        (any(one.isdigit() for one in passphrase), 10),
        (any(one.islower() for one in passphrase), 26),
        (any(one.isupper() for one in passphrase), 26),
        (any(not one.isalnum() for one in passphrase), 33),
    ):
        size += count if used else 0
    return len(passphrase) * math.log2(size) if size else 0.0


def _number(holder: dict[str, object], name: str, otherwise: int) -> int:
    value = holder.get(name)
    return value if isinstance(value, int) else otherwise
