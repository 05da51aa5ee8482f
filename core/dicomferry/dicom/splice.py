"""The bytes of an edited instance: new ones for the edits, the source's own everywhere else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dicomferry.dicom.pieces import Piece

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob

_SMALL = 1 << 16


class Spliced:
    """New bytes and untouched stretches of a blob, in order; they can be read more than once.

    `length` is in bytes. Stretches count from the blob's byte `origin`.
    """

    __slots__ = ("_blob", "_origin", "_pieces", "length")

    def __init__(self, pieces: Sequence[Piece], blob: Blob, origin: int) -> None:
        self._pieces = tuple(pieces)
        self._blob = blob
        self._origin = origin
        self.length = sum(
            len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] for piece in pieces
        )

    def chunks(self, size: int = 1 << 20) -> Iterator[bytes | memoryview]:
        """Yield the bytes in order, at most `size` at a time.

        Raises `DamagedError` when the source has changed since it was opened.
        """
        gathered: list[bytes | memoryview] = []
        held = 0
        for part in self._parts(size):
            if gathered and held + len(part) > min(size, _SMALL):
                yield gathered[0] if len(gathered) == 1 else b"".join(gathered)
                gathered, held = [], 0
            gathered.append(part)
            held += len(part)
        if gathered:
            yield gathered[0] if len(gathered) == 1 else b"".join(gathered)

    def _parts(self, size: int) -> Iterator[bytes | memoryview]:
        stretches = [piece for piece in self._pieces if not isinstance(piece, bytes)]
        first = stretches[0][0] if stretches else 0
        together = stretches[-1][1] - first if stretches else 0
        # A small instance is read at once: a read costs more than the bytes between two stretches.
        whole = None
        if 0 < together <= size:
            whole = memoryview(self._blob.read(self._origin + first, together))
        for piece in self._pieces:
            if isinstance(piece, bytes):
                for at in range(0, len(piece), size):
                    yield piece[at : at + size]
            elif whole is not None:
                yield whole[piece[0] - first : piece[1] - first]
            else:
                start, stop = piece
                for at in range(start, stop, size):
                    yield self._blob.read(self._origin + at, min(size, stop - at))
