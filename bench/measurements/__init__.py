"""The measurements, by name, in the order in which they run: one module each."""

from bench.measurements import (
    calendars,
    check_report,
    check_run,
    client,
    command,
    connector,
    cut,
    cut_many,
    fleet,
    growth,
    invitations,
    mirror,
    read,
    rooms_page,
    settings,
    start,
    throughput,
    tunnel,
)
from bench.run import Measurement

ALL: dict[str, Measurement] = {
    one.NAME: one
    for one in (
        read,
        command,
        throughput,
        cut,
        cut_many,
        connector,
        mirror,
        start,
        rooms_page,
        settings,
        growth,
        client,
        tunnel,
        fleet,
        invitations,
        calendars,
        check_report,
        check_run,
    )
}
