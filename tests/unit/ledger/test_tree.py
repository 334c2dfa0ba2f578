"""The Merkle tree against RFC 6962's definition, written down naively, and against published vectors."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.ledger.tree import (
    BadProof,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# The leaves that certificate-transparency implementations share as test data, and the roots over the first 1…8.
LEAVES = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
LEAVES.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(entries):
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(entries[:k]) + naive_root(entries[k:])).digest()


def naive_path(m, entries):
    if len(entries) == 1:
        return []
    k = 1
    while k * 2 < len(entries):
        k *= 2
    if m < k:
        return [*naive_path(m, entries[:k]), naive_root(entries[k:])]
    return [*naive_path(m - k, entries[k:]), naive_root(entries[:k])]


def naive_consistency(m, entries, whole=True):
    n = len(entries)
    if m == n:
        return [] if whole else [naive_root(entries)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*naive_consistency(m, entries[:k], whole), naive_root(entries[k:])]
    return [*naive_consistency(m - k, entries[k:], False), naive_root(entries[:k])]


def grown(entries):
    frontier, kept = Frontier(), {}
    for entry in entries:
        frontier, full = frontier.append(leaf_hash(entry))
        kept.update({(n.level, n.place): n.hash for n in full})
    return frontier, lambda level, index: kept[level, index]


def some(n):
    return [b"entry %d" % i for i in range(n)]


def test_the_empty_record_has_the_published_root():
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_published_leaves_give_the_published_roots():
    assert [root_of(LEAVES[: n + 1]).hex() for n in range(8)] == ROOTS


@given(st.lists(st.binary(max_size=8), max_size=40))
def test_growing_gives_the_defined_root(entries):
    frontier, node = grown(entries)
    assert frontier.root() == naive_root(entries)
    assert frontier.size == len(entries)
    for size in range(len(entries) + 1):
        assert root_at(size, node) == naive_root(entries[:size])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 13, 16, 21])
def test_every_inclusion_proof_is_the_defined_one_and_verifies(size):
    entries = some(size)
    frontier, node = grown(entries)
    for index in range(size):
        proof = inclusion_proof(index, size, node)
        assert proof == naive_path(index, entries)
        verify_inclusion(leaf_hash(entries[index]), index, size, proof, frontier.root())


@pytest.mark.parametrize("new", [1, 2, 3, 5, 7, 8, 13, 16, 21])
def test_every_consistency_proof_is_the_defined_one_and_verifies(new):
    entries = some(new)
    _, node = grown(entries)
    for old in range(1, new + 1):
        proof = consistency_proof(old, new, node)
        assert proof == naive_consistency(old, entries)
        verify_consistency(old, naive_root(entries[:old]), new, naive_root(entries), proof)


@given(st.integers(1, 40), st.data())
def test_no_other_leaf_index_or_proof_verifies(size, data):
    entries = some(size)
    frontier, node = grown(entries)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, node)
    root = frontier.root()
    with pytest.raises(BadProof):
        verify_inclusion(leaf_hash(b"another"), index, size, proof, root)
    with pytest.raises(BadProof):
        verify_inclusion(leaf_hash(entries[index]), index, size, [*proof, root], root)
    if proof:
        with pytest.raises(BadProof):
            verify_inclusion(leaf_hash(entries[index]), index, size, proof[:-1], root)
        with pytest.raises(BadProof):
            verify_inclusion(leaf_hash(entries[index]), (index + 1) % size, size, proof, root)


@given(st.integers(2, 40), st.data())
def test_a_rewritten_past_is_never_consistent(new, data):
    old = data.draw(st.integers(1, new - 1))
    changed = data.draw(st.integers(0, old - 1))
    honest = some(new)
    forged = [*honest[:changed], b"forged", *honest[changed + 1 :]]
    _, node = grown(forged)
    proof = consistency_proof(old, new, node)
    with pytest.raises(BadProof):
        verify_consistency(old, naive_root(honest[:old]), new, naive_root(forged), proof)
    with pytest.raises(BadProof):
        verify_consistency(old, naive_root(forged[:old]), new, naive_root(forged), [*proof, proof[-1]])
    with pytest.raises(BadProof):
        verify_consistency(old, naive_root(forged[:old]), new, naive_root(forged), proof[:-1])


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3)])
def test_impossible_sizes_are_refused(old, new):
    _, node = grown(some(3))
    with pytest.raises(BadProof):
        consistency_proof(old, new, node)
    with pytest.raises(BadProof):
        verify_consistency(old, b"", new, b"", [])


@pytest.mark.parametrize("index", [-1, 3])
def test_an_entry_beyond_the_record_has_no_proof(index):
    frontier, node = grown(some(3))
    with pytest.raises(BadProof):
        inclusion_proof(index, 3, node)
    with pytest.raises(BadProof):
        verify_inclusion(leaf_hash(b""), index, 3, [], frontier.root())


def test_the_same_size_needs_the_same_root_and_no_proof():
    root = root_of(some(3))
    verify_consistency(3, root, 3, root, [])
    verify_consistency(0, root_of([]), 3, root, [])
    with pytest.raises(BadProof):
        verify_consistency(3, root, 3, root_of(some(4)), [])
    with pytest.raises(BadProof):
        verify_consistency(3, root, 3, root, [root])
    with pytest.raises(BadProof):
        verify_consistency(0, root, 3, root, [])


def test_a_leaf_cannot_pass_as_a_node():
    a, b = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(a + b) != node_hash(a, b)


@given(st.integers(0, 70), st.lists(st.integers(0, 20), max_size=5))
def test_many_leaves_at_once_are_the_same_as_one_after_the_other(before, steps):
    frontier, _ = grown(some(before))
    one_by_one, above, kept = frontier, [], []
    for count in steps:
        leaves = [leaf_hash(b"more %d" % i) for i in range(count)]
        frontier, full = frontier.extend(leaves)
        kept += full
        for leaf in leaves:
            one_by_one, completed = one_by_one.append(leaf)
            above += [node for node in completed if node.level]
    assert frontier == one_by_one
    assert kept == above
