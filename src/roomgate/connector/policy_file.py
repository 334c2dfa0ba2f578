"""The site's policy as its file says it now. A file that became bad changes nothing: the last good one holds."""

from collections.abc import Iterator
from pathlib import Path

from roomgate import log
from roomgate.connector.site_policy import SHIPPED, BadPolicy, SitePolicy

_log = log.get("policy")
_Signature = tuple[tuple[int, int, int] | None, ...]


class PolicyFile:
    """``policy.toml`` (None: the shipped *meetings only*), with the Cedar files beside it that it may name."""

    def __init__(self, file: Path | None) -> None:
        """Raises BadPolicy: a connector does not start with a policy that it cannot read."""
        self._file = file
        self._read = self._seen = self._signature()
        self.policy = SitePolicy.load(file)

    def look(self) -> bool:
        """Read the file again if it changed and two looks see the same; True if another policy is in force now."""
        signature = self._signature()
        stable, self._seen = signature == self._seen, signature
        if not stable or signature == self._read:
            return False
        self._read = signature
        try:
            fresh = SitePolicy.load(self._file)
        except BadPolicy as bad:
            _log.error("policy.bad", error=bad.message[:500])
            return False
        if fresh.digest == self.policy.digest:
            return False
        _log.warning("policy.changed", name=fresh.rules.name, digest=fresh.digest)
        self.policy = fresh
        return True

    def _signature(self) -> _Signature:
        return tuple(_stat(file) for file in self._files())

    def _files(self) -> Iterator[Path]:
        if self._file is None:
            return
        yield self._file
        policy = getattr(self, "policy", None)
        if policy is not None and policy.rules.cedar not in SHIPPED:
            yield self._file.parent / policy.rules.cedar


def _stat(file: Path) -> tuple[int, int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return (stat.st_ino, stat.st_mtime_ns, stat.st_size)
