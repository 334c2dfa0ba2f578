"""The measurements, by name, in the order in which they run: one module each."""

from bench.measurements import (
    client,
    command,
    connector,
    cut,
    cut_many,
    fleet,
    growth,
    read,
    rooms_page,
    start,
    throughput,
)
from bench.run import Measurement

ALL: dict[str, Measurement] = {
    one.NAME: one
    for one in (read, command, throughput, cut, cut_many, connector, start, rooms_page, growth, client, fleet)
}
