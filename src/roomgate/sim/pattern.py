"""Whether a path lies at or below what a path or a pattern names. The simulator's own, like its wire code."""

from roomgate.xapi.path import Path


def matches(pattern: Path, path: Path) -> bool:
    """Whether a path lies at or below what a path or pattern names.

    ``**`` is any number of levels, ``*`` one; an index that the pattern leaves out matches every member.
    """
    return _matches(pattern.parts, path.parts)


def _matches(pattern: tuple[str | int, ...], parts: tuple[str | int, ...]) -> bool:
    # A set of positions rather than recursion: a pattern of many ** costs pattern × path, no more.
    at = {0}
    for part in (*parts, None):
        todo = list(at)
        while todo:  # ** may also stand for nothing
            position = todo.pop()
            if position < len(pattern) and pattern[position] == "**" and position + 1 not in at:
                at.add(position + 1)
                todo.append(position + 1)
        if len(pattern) in at or part is None:
            break
        following: set[int] = set()
        for position in at:
            wanted = pattern[position]
            if wanted == "**" or (isinstance(part, int) and not isinstance(wanted, int) and wanted != "*"):
                following.add(position)
            if wanted == part or wanted == "*":
                following.add(position + 1)
                if wanted == "*" and isinstance(part, int):
                    following.add(position)
        at = following
    return len(pattern) in at
