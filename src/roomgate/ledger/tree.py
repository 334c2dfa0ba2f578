"""A Merkle tree over an append-only list, as RFC 6962 section 2.1 (and RFC 9162) defines it.

Nodes are named (level, index): level 0 holds the leaf hashes, and the node (l, i) covers the leaves
from i·2^l up to, not including, (i+1)·2^l. Only full nodes are ever kept, so a kept node never changes.
Proofs are computed from kept nodes that a reader function fetches.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from roomgate.errors import RoomgateError

NodeReader = Callable[[int, int], bytes]
EMPTY_ROOT = hashlib.sha256(b"").digest()
HASH_BYTES = 32


class BadProof(RoomgateError):
    """The proof does not prove what it was given for."""

    code = "ledger.bad-proof"
    hint = "The record differs from what was signed before; keep both copies for examination."


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Node(NamedTuple):
    """A full subtree, to be kept for proofs."""

    level: int
    place: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: its size and its full subtrees from the largest to the smallest."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> tuple["Frontier", tuple[Node, ...]]:
        """The tree with one more leaf hash, and the nodes that it completed, the leaf among them."""
        grown, above = self.extend([leaf])
        return grown, (Node(0, self.size, leaf), *above)

    def extend(self, leaves: Iterable[bytes]) -> tuple["Frontier", list[Node]]:
        """The tree with more leaf hashes, and the nodes above the leaves that they completed, in order."""
        hashes, size = list(self.hashes), self.size
        full: list[Node] = []
        for seen in leaves:
            index, level = size, 0
            while index & 1:
                seen = node_hash(hashes.pop(), seen)
                index, level = index >> 1, level + 1
                full.append(Node(level, index, seen))
            hashes.append(seen)
            size += 1
        return Frontier(size, tuple(hashes)), full

    def root(self) -> bytes:
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def root_of(entries: Sequence[bytes]) -> bytes:
    """The root over whole entries."""
    frontier = Frontier()
    for entry in entries:
        frontier, _ = frontier.append(leaf_hash(entry))
    return frontier.root()


def root_at(size: int, node: NodeReader) -> bytes:
    """The root that the tree had at a size, from its kept nodes."""
    return _range(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """PATH(index, D[size]): that the leaf is in the tree of that size. Raises BadProof if it cannot be."""
    if not 0 <= index < size:
        raise BadProof(f"there is no entry {index} in a record of {size}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range(middle, end, node))
            end = middle
        else:
            proof.append(_range(start, middle, node))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, node: NodeReader) -> list[bytes]:
    """PROOF(old, D[new]): that the tree of the new size only added to the old. Empty for old 0 or equal."""
    if not 0 <= old <= new:
        raise BadProof(f"a record of {new} cannot follow one of {old}")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range(middle, end, node))
            end = middle
        else:
            proof.append(_range(start, middle, node))
            start, whole = middle, False
    if not whole:
        proof.append(_range(start, end, node))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """RFC 9162 section 2.1.3.2; raises BadProof."""
    if not 0 <= index < size:
        raise BadProof(f"there is no entry {index} in a record of {size}")
    first, last, seen = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise BadProof("the proof is too long")
        if first & 1 or first == last:
            seen = node_hash(step, seen)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            seen = node_hash(seen, step)
        first, last = first >> 1, last >> 1
    if last or seen != root:
        raise BadProof(f"entry {index} is not in that record")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """RFC 9162 section 2.1.4.2; raises BadProof."""
    if not 0 <= old <= new:
        raise BadProof(f"a record of {new} cannot follow one of {old}")
    if old in (0, new):
        if proof or (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
            raise BadProof("the two records differ")
        return
    steps = list(proof)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        raise BadProof("the proof is too short")
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    seen_old = seen_new = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise BadProof("the proof is too long")
        if first & 1 or first == last:
            seen_old, seen_new = node_hash(step, seen_old), node_hash(step, seen_new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            seen_new = node_hash(seen_new, step)
        first, last = first >> 1, last >> 1
    if last or seen_old != old_root or seen_new != new_root:
        raise BadProof(f"the record of {new} does not continue that of {old}")


def _split(size: int) -> int:
    """The largest power of two smaller than the size."""
    return 1 << ((size - 1).bit_length() - 1)


def _range(start: int, end: int, node: NodeReader) -> bytes:
    """The hash over leaves start…end, where start is a multiple of the range's own power of two."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(size)
    return node_hash(_range(start, middle, node), _range(middle, end, node))
