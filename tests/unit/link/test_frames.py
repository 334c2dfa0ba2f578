import struct
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.link.frames import CHUNK, MAX_HELD, MAX_MESSAGE, MAX_OPEN, LinkBusy, Priority, Receiver, Sender, TooBig
from roomgate.link.messages import LinkBroken

priorities = st.sampled_from([Priority.URGENT, Priority.SIGNED, Priority.REST])
# Sizes around the chunk's border, without megabytes of random bytes.
messages = st.builds(
    lambda head, size: head + bytes(size),
    st.binary(min_size=1, max_size=8),
    st.sampled_from([0, 1, 100, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK]),
)


def drain(sender: Sender) -> Iterable[bytes]:
    while (chunk := sender.next_chunk()) is not None:
        yield chunk


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(messages, priorities, st.integers(0, 4))), st.integers(1, 200_000))
def test_any_interleaving_and_any_cut_give_the_messages_back_in_order(
    puts: list[tuple[bytes, Priority, int]], cut: int
) -> None:
    sender, receiver = Sender(), Receiver()
    stream = bytearray()
    for message, priority, chunks in puts:  # so many chunks leave before the next message comes
        sender.put(message, priority)
        for _ in range(chunks):
            stream += sender.next_chunk() or b""
    stream += b"".join(drain(sender))
    heard = [m for at in range(0, len(stream), cut) for m in receiver.feed(bytes(stream[at : at + cut]))]
    assert sorted(heard) == sorted(message for message, _, _ in puts)
    assert len(sender) == 0
    for priority in Priority:
        sent = [m for m, p, _ in puts if p is priority]
        at = 0
        for message in heard:
            if at < len(sent) and message == sent[at]:
                at += 1
        assert at == len(sent)


def test_what_is_urgent_passes_what_has_begun() -> None:
    sender, receiver = Sender(), Receiver()
    sender.put(bytes(6 * 1024 * 1024))
    receiver.feed(sender.next_chunk() or b"")
    sender.put(b"order", Priority.SIGNED)
    sender.put(b"cut", Priority.URGENT)
    assert receiver.feed(sender.next_chunk() or b"") == [b"cut"]
    assert receiver.feed(sender.next_chunk() or b"") == [b"order"]
    assert [len(m) for chunk in drain(sender) for m in receiver.feed(chunk)] == [6 * 1024 * 1024]


def test_when_full_only_what_is_urgent_passes() -> None:
    sender = Sender(bound_bytes=10, bound_count=3)
    sender.put(b"12345678", Priority.SIGNED)
    with pytest.raises(LinkBusy):
        sender.put(b"123")
    sender.put(b"cut", Priority.URGENT)
    assert sender.urgent
    assert len(sender) == 2


def test_messages_are_counted_too() -> None:
    sender = Sender(bound_count=2)
    sender.put(b"")
    sender.put(b"", Priority.SIGNED)
    with pytest.raises(LinkBusy):
        sender.put(b"")


def test_urgent_messages_that_pile_up_break_the_link() -> None:
    sender = Sender(bound_count=2)
    sender.put(b"cut", Priority.URGENT)
    sender.put(b"cut", Priority.URGENT)
    with pytest.raises(LinkBroken):
        sender.put(b"cut", Priority.URGENT)


def test_what_tunnels_carry_waits_for_everything_else_and_takes_nobodys_room() -> None:
    sender = Sender(bound_bytes=100)
    while sender.room_for(CHUNK, Priority.BULK):
        sender.put(bytes(CHUNK), Priority.BULK)
    with pytest.raises(LinkBusy):
        sender.put(b"x", Priority.BULK)
    for priority in (Priority.REST, Priority.SIGNED, Priority.URGENT):
        sender.put(priority.name.encode(), priority)
    first = [sender.next_chunk() or b"" for _ in range(3)]
    assert [chunk[9:] for chunk in first] == [b"URGENT", b"SIGNED", b"REST"]
    sender.next_chunk()
    assert sender.room_for(CHUNK, Priority.BULK), "what has gone leaves room"


def test_room_comes_back_when_a_message_is_gone() -> None:
    sender = Sender(bound_bytes=10)
    sender.put(b"1234567890")
    sender.next_chunk()
    sender.put(b"1234567890")
    assert sender.unsent(Priority.REST) == [b"1234567890"]


def test_a_message_counts_as_unsent_until_its_last_chunk() -> None:
    sender = Sender()
    sender.put(bytes(CHUNK + 1), Priority.SIGNED)
    sender.next_chunk()
    assert len(sender.unsent(Priority.SIGNED)) == 1
    sender.next_chunk()
    assert sender.unsent(Priority.SIGNED) == []


def test_a_message_that_nobody_would_accept_is_not_sent() -> None:
    with pytest.raises(TooBig):
        Sender().put(bytes(MAX_MESSAGE + 1), Priority.URGENT)


def chunk(number: int, size: int = CHUNK, last: int = 0) -> bytes:
    return struct.pack(">IIB", size, number, last) + bytes(size)


def test_too_many_open_messages_break_the_link() -> None:
    receiver = Receiver()
    for number in range(MAX_OPEN):
        receiver.feed(chunk(number, 1))
    with pytest.raises(LinkBroken):
        receiver.feed(chunk(MAX_OPEN, 1))


def test_a_message_that_never_ends_breaks_the_link() -> None:
    receiver = Receiver()
    whole = chunk(1)
    for _ in range(MAX_MESSAGE // CHUNK):
        receiver.feed(whole)
    with pytest.raises(LinkBroken):
        receiver.feed(whole)


def test_all_open_messages_together_are_bounded() -> None:
    receiver = Receiver()
    for at in range(MAX_HELD // CHUNK):
        receiver.feed(chunk(at % 16))
    with pytest.raises(LinkBroken):
        receiver.feed(chunk(20))


@pytest.mark.parametrize("head", [(CHUNK + 1, 1, 1), (1, 1, 2), (0, 1, 0), (2**32 - 1, 0, 0)])
def test_what_is_no_chunk_breaks_the_link_at_its_head(head: tuple[int, int, int]) -> None:
    with pytest.raises(LinkBroken):
        Receiver().feed(struct.pack(">IIB", *head))


@given(st.binary(max_size=300))
def test_rubbish_raises_only_our_error(rubbish: bytes) -> None:
    receiver = Receiver()
    try:
        heard = receiver.feed(rubbish)
    except LinkBroken:
        return
    assert sum(map(len, heard)) <= len(rubbish)


def test_small_messages_go_together_and_big_ones_leave_room_for_what_is_urgent() -> None:
    sender, receiver = Sender(), Receiver()
    for n in range(3):
        sender.put(b"small %d" % n, Priority.SIGNED)
    sender.put(bytes(3 * CHUNK), Priority.REST)
    assert receiver.feed(sender.next_few()) == [b"small 0", b"small 1", b"small 2"]
    sender.put(b"cut", Priority.URGENT)
    assert receiver.feed(sender.next_few())[0] == b"cut"
    assert [len(m) for m in receiver.feed(sender.next_few())] == [3 * CHUNK]
    assert sender.next_few() == b""
