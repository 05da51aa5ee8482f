"""The digests of one delivery, taken in the worker while the bytes pass by."""

from __future__ import annotations

from blake3 import blake3
from msgspec import Struct

from dicomferry.dicom.blob import Blob
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import Instance
from dicomferry.errors import FerryError
from dicomferry.ledger.rows import Proof
from dicomferry.model import Outcome

_SOP_INSTANCE = 0x00080018
_CHUNK = 1 << 20
_NEAR = 1 << 16
"""Bytes that nobody asks for, those of a deleted element, which are read for the digest's sake."""


class Witnessed(Struct, frozen=True):
    """What became of an instance, and the proof of what it was made of."""

    outcome: Outcome
    proof: Proof


class WatchedBlob:
    """Another blob's bytes, digested as they are read from front to end: nothing is read twice.

    What is read ahead, or again, is passed on as it is. The first bytes read are kept: a small
    instance is all in there.
    """

    __slots__ = ("_at", "_blob", "_digest", "_head", "size")

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self._digest = blake3()
        self._at = 0
        self._head = b""
        self.size = blob.size

    def read(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes; raises `DamagedError` when they cannot be had."""
        if start + length <= len(self._head):
            return self._head[start : start + length]
        if self._at < start <= self._at + _NEAR:
            self.read(self._at, start - self._at)
        data = self._blob.read(start, length)
        if start <= self._at < start + length:
            self._digest.update(memoryview(data)[self._at - start :])
            self._head = self._head or data
            self._at = start + length
        return data

    def digest(self) -> str:
        """Return the hex BLAKE3 of all bytes; those that nobody has read yet are read now."""
        while self._at < self.size:
            self.read(self._at, min(_CHUNK, self.size - self._at))
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the other blob."""
        self._blob.close()


def witness(
    outcome: Outcome, blob: WatchedBlob, instance: Instance, header: Header, *, stays: bool
) -> Witnessed:
    """Return an outcome with the digests of what was read and of what was handed out.

    Where the source `stays` where it is, the part of it that was handed out untouched up to its
    end is in the digest of the source already.
    """
    uid = instance.header.text(_SOP_INSTANCE) or ""
    try:
        whole = blob.digest()
        front, untouched = instance.parted(header) if stays else (instance.data_set(header), 0)
        sent = blake3()
        for chunk in front.chunks(_CHUNK):
            sent.update(chunk)
    except (FerryError, OSError):
        # What the receiver said stays true; only that it can be repeated is not proved.
        return Witnessed(outcome, Proof(uid, "", "", 0))
    return Witnessed(outcome, Proof(uid, whole, sent.hexdigest(), untouched))
