"""All checks there are: every module in ``rules`` that declares one."""

import importlib
import pkgutil
from functools import cache

from roomgate.checks import rules
from roomgate.checks.declared import Check
from roomgate.errors import NotFound


@cache
def all_checks() -> tuple[Check, ...]:
    """In the order of their ids."""
    found = []
    for module in pkgutil.iter_modules(rules.__path__):
        check = getattr(importlib.import_module(f"{rules.__name__}.{module.name}"), "CHECK", None)
        if isinstance(check, Check):
            found.append(check)
    return tuple(sorted(found, key=lambda check: check.id))


def get_check(id: str) -> Check:
    """Raises NotFound, with the ids that there are."""
    for check in all_checks():
        if check.id.lower() == id.lower():
            return check
    ids = ", ".join(check.id for check in all_checks())
    raise NotFound(f"There is no check {id}.", hint=f"There are {ids}.")
