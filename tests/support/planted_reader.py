"""A reader of invitations with planted faults: what it does over a file stands in the file, as ``PLANTED word``.

A program of its own; the bounds are the real ones, but for the processor's seconds.
"""

import os
import signal
import socket
import sys

from roomgate.meetings.reader_messages import At, frame
from roomgate.meetings.reader_process import Limits, serve
from roomgate.meetings.reading import Understood, read


def planted(given, zone, rules, begin):
    def step(numbers):
        begin(numbers)
        for number in numbers:
            word = given.files[number].partition(b"PLANTED ")[2].split(b"\r")[0]
            if word in FAULTS:
                FAULTS[word]()

    understood = read(given, zone, rules, step)
    raw = b"".join(given.files)
    if b"PLANTED lie" in raw:
        return Understood(understood.meetings, {len(given.files): "of a file that nobody gave"})
    if b"PLANTED rights" in raw:
        return Understood((), {0: " ".join(rights())})
    return understood


def _say(raw):
    sys.stdout.buffer.write(raw)
    sys.stdout.buffer.flush()


def _hang():
    while True:
        pass


FAULTS = {
    b"hang": _hang,
    b"wait": signal.pause,
    b"fall": lambda: os.kill(os.getpid(), signal.SIGKILL),
    b"memory": lambda: bytearray(4 * 1024**3),
    b"bug": lambda: [][1],
    b"rubbish": lambda: _say(b"\0\0\0\4rubb"),
    b"endless": lambda: _say(b"\xff\xff\xff\xff"),
    b"elsewhere": lambda: _say(frame(At((99,)))),
}


def rights():
    """What it still can, in a word each; nothing, if all is well."""
    tries = {
        "read": lambda: os.open("/etc/hostname", os.O_RDONLY),
        "write": lambda: os.open(f"/tmp/roomgate-{os.getpid()}", os.O_CREAT),
        "socket": socket.socket,
        "pipe": os.pipe,
    }
    for name, attempt in tries.items():
        try:
            attempt()
            yield name
        except OSError:
            pass
    yield from (name for name in os.environ if name not in ("PYTHONPATH", "LC_ALL", "LC_CTYPE"))
    yield os.getcwd()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer, planted, Limits(step_s=0))
