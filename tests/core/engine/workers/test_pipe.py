"""What goes through a pipe comes out equal."""

from __future__ import annotations

import os
import threading
from multiprocessing import Pipe

import pytest
from msgspec import Struct

from dicomferry.engine.workers.pipe import ROOM, hang_up, open_pipe, receive, send, send_or_end
from dicomferry.engine.workers.processes import process_context
from dicomferry.ledger.rows import Examined, Facts, Verdict
from dicomferry.model import (
    AutoArchive,
    Because,
    Destination,
    Excluded,
    Failed,
    Forecast,
    InstanceRef,
    Stored,
)
from support.patience import PATIENCE


class Nothing(Struct, frozen=True):
    """A value without fields."""


REF = InstanceRef("1.1", "1.2", "1.3", "1.4")
FORECAST = Forecast(Destination("P", None, "E"), Because("a", "b", "c"), AutoArchive.MANUAL)
FACTS = Facts(REF, "1.2.840.10008.1.2", "20050102", "MR", "")


@pytest.mark.parametrize(
    "value",
    [
        Nothing(),
        Excluded("why"),
        [Stored("0x0000"), Failed("lost", retryable=True)],
        Examined(7, Verdict.READY, "", "", FACTS, REF, FORECAST, None, "ab"),
        {"path": "caf\udce9"},
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_arrives_as_it_was(value: object) -> None:
    here, there = Pipe()

    send(here, value)

    assert receive(there) == value
    here.close()
    there.close()


def test_a_pipe_holds_what_nobody_reads_yet() -> None:
    here, there = open_pipe(process_context())
    pieces = [b"x" * (ROOM // 12)] * 12
    writing = threading.Thread(
        target=lambda: [here.send_bytes(piece) for piece in pieces], daemon=True
    )

    writing.start()
    writing.join(PATIENCE)

    assert not writing.is_alive()
    assert [there.recv_bytes() for _ in pieces] == pieces
    here.close()
    there.close()


def test_a_closed_pipe_is_told() -> None:
    here, there = Pipe()
    here.close()

    with pytest.raises(EOFError):
        receive(there)
    there.close()


def test_what_could_not_be_sent_is_an_end_to_the_other_side() -> None:
    here, there = open_pipe(process_context())
    os.set_blocking(here.fileno(), False)  # there is no room for all of it

    send_or_end(here, bytes(64 * ROOM))

    with pytest.raises((EOFError, OSError)):
        there.recv_bytes()
    there.send_bytes(b"what it had to say")
    assert here.recv_bytes() == b"what it had to say"
    here.close()
    there.close()


def test_the_other_side_reads_the_end_although_a_forked_process_holds_a_copy() -> None:
    here, there = open_pipe(process_context())
    copy = os.dup(here.fileno())

    hang_up(here)

    assert there.poll(PATIENCE)
    with pytest.raises(EOFError):
        receive(there)
    os.close(copy)
    there.close()
