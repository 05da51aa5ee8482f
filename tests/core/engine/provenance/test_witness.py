"""Whatever is read of a blob, and in whatever order: its digest is that of all its bytes."""

from __future__ import annotations

import pytest
from blake3 import blake3
from hypothesis import given, settings, strategies as st

from dicomferry.dicom.blob import BytesBlob
from dicomferry.engine.provenance.witness import WatchedBlob
from dicomferry.errors import DamagedError


class Counting(BytesBlob):
    """Counts the bytes that are read of it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.count = 0

    def read(self, start: int, length: int) -> bytes:
        self.count += length
        return super().read(start, length)


@settings(deadline=None)
@given(
    data=st.binary(max_size=400),
    reads=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=8),
)
def test_the_digest_is_that_of_all_bytes_whatever_was_read(
    data: bytes, reads: list[tuple[int, int]]
) -> None:
    blob = WatchedBlob(BytesBlob(data))

    for start, stop in reads:
        if start <= stop <= len(data):
            assert blob.read(start, stop - start) == data[start:stop]

    assert blob.digest() == blake3(data).hexdigest()


def test_what_was_read_in_order_is_not_read_again_for_the_digest() -> None:
    data = bytes(range(256)) * 4096
    source = Counting(data)
    blob = WatchedBlob(source)

    blob.read(0, 65536)
    blob.read(66000, len(data) - 66000)

    assert blob.digest() == blake3(data).hexdigest()
    assert source.count == len(data)


def test_the_beginning_is_not_read_twice() -> None:
    source = Counting(b"0123456789")
    blob = WatchedBlob(source)

    blob.read(0, 8)

    assert blob.read(2, 4) == b"2345"
    assert source.count == 8


def test_what_is_not_there_is_damage() -> None:
    with pytest.raises(DamagedError):
        WatchedBlob(BytesBlob(b"0123")).read(2, 4)
