"""DIMSE messages as bytes."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest
from hypothesis import given, strategies as st

from dicomferry.dimse import wire
from dicomferry.errors import DamagedError


def test_a_c_store_rq_reads_back_as_pynetdicom_reads_it() -> None:
    from pynetdicom.dsutils import decode

    command = decode(BytesIO(wire.c_store_rq(7, "1.2.840.1", "1.2.3")), True, True)

    assert command.CommandGroupLength == len(wire.c_store_rq(7, "1.2.840.1", "1.2.3")) - 12
    assert (command.CommandField, command.MessageID, command.CommandDataSetType) == (1, 7, 1)
    assert (command.AffectedSOPClassUID, command.AffectedSOPInstanceUID) == ("1.2.840.1", "1.2.3")


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=8),
    most=st.integers(2, 64),
)
def test_pdus_carry_the_chunks_whatever_their_cuts(chunks: list[bytes], most: int) -> None:
    data = b"".join(chunks)

    sent = b"".join(wire.pdus(chunks, len(data), 5, most, command=True))

    found = []
    while sent:
        kind, length = struct.unpack_from(">BxI", sent)
        assert kind == wire.P_DATA_TF
        assert length <= most + 6
        found += list(wire.fragments(sent[6 : 6 + length]))
        sent = sent[6 + length :]
    assert b"".join(fragment.data for fragment in found) == data
    assert [fragment.last for fragment in found] == [False] * (len(found) - 1) + [True]


@pytest.mark.parametrize("length", [9, 11, 100, 0])
def test_data_of_another_length_than_said_is_damage(length: int) -> None:
    with pytest.raises(DamagedError):
        list(wire.pdus([b"0123456789"], length, 1, 4, command=False))


def test_a_window_is_closed_when_it_is_full() -> None:
    assert list(wire.windows([b"12", b"34", b"5"], 3)) == [[b"12", b"34"], [b"5"]]


@given(data=st.binary(max_size=60))
def test_a_command_set_of_any_bytes_is_read_or_refused(data: bytes) -> None:
    try:
        wire.CommandSet.parse(data)
    except ValueError:
        return


def test_a_value_of_a_wrong_length_is_no_number() -> None:
    command = wire.CommandSet.parse(struct.pack("<HHII", 0, wire.STATUS, 4, 0))

    assert command.number(wire.STATUS) is None


def test_a_fragment_of_a_data_set_is_no_response() -> None:
    with pytest.raises(ValueError, match="data set"):
        list(wire.fragments(struct.pack(">IBB", 4, 1, 2) + b"ab"))
