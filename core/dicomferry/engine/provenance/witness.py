"""Take the digests of one delivery in the worker, from the bytes that the sink reads."""

from __future__ import annotations

from blake3 import blake3
from msgspec import Struct

from dicomferry.contract.sink import Pending
from dicomferry.dicom.blob import Blob
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import Instance
from dicomferry.errors import FerryError
from dicomferry.ledger.rows import Proof
from dicomferry.model import Outcome

_SOP_INSTANCE = 0x00080018
_CHUNK = 1 << 20
_NEAR = 1 << 16
"""The largest gap that `WatchedBlob` reads for the digest alone: a deleted element leaves one."""


class Witnessed(Struct, frozen=True):
    """The outcome of one delivery, and the digests of what was read and sent."""

    outcome: Outcome | Pending
    proof: Proof


class WatchedBlob:
    """A blob that digests the bytes of another blob while somebody reads them from front to end.

    A read that is far ahead, or a second read, does not change the digest. The blob keeps the
    first bytes read: a small instance is then read once.
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
        """Return the hex BLAKE3 of all bytes; it reads the bytes that nobody has read yet."""
        while self._at < self.size:
            self.read(self._at, min(_CHUNK, self.size - self._at))
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the other blob."""
        self._blob.close()


def witness(
    outcome: Outcome | Pending,
    blob: WatchedBlob,
    instance: Instance,
    header: Header,
    *,
    stays: bool,
) -> Witnessed:
    """Return an outcome with the digests of the source and of what was sent.

    `stays` says that the source remains after the run. Then the digest of what was sent leaves out
    the source's last, unedited bytes, because the digest of the source covers them.
    """
    uid = instance.header.text(_SOP_INSTANCE) or ""
    mended = "; ".join(mend.text for mend in instance.mends)
    try:
        whole = blob.digest()
        front, untouched = instance.parted(header) if stays else (instance.data_set(header), 0)
        sent = blake3()
        for chunk in front.chunks(_CHUNK):
            sent.update(chunk)
    except (FerryError, OSError):
        # The outcome holds without digests; a replay cannot prove this instance.
        return Witnessed(outcome, Proof(uid, "", "", 0, mended))
    return Witnessed(outcome, Proof(uid, whole, sent.hexdigest(), untouched, mended))
