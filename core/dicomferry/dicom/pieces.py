"""The pieces of an edited data set: untouched stretches of the source, and new bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from dicomferry.dicom.walk import Index

Piece = bytes | tuple[int, int]
"""New bytes, or an untouched stretch from one offset to another."""


class Fresh(Struct, frozen=True):
    """A newly written element; its value starts at byte `value_start` of `data`."""

    vr: bytes
    value_start: int
    data: bytes


def pieces_of(
    index: Index, fresh: Mapping[int, Fresh | None], start: int, stop: int
) -> list[Piece]:
    """Return the pieces of the elements from `start` to `stop`, with `fresh` ones in their place.

    `None` deletes an element. A new element goes in front of the first one with a greater tag:
    tags ascend (PS3.5 7.1).
    """
    pieces: list[Piece] = []
    cursor = start
    for place, _, end, new in sorted(_cuts(index, fresh, start)):
        pieces += [(cursor, place), new]
        cursor = end
    pieces.append((cursor, stop))
    return [piece for piece in pieces if _has_bytes(piece)]


def _cuts(
    index: Index, fresh: Mapping[int, Fresh | None], start: int
) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield where each fresh element goes, its tag, where the old one ends, and its bytes."""
    for tag, new in fresh.items():
        data = new.data if new else b""
        if tag in index:
            place, _, end, _ = index[tag]
            yield place, tag, end, data
        elif new:
            place = _place_of_new(index, tag, start)
            yield place, tag, place, data


def _place_of_new(index: Index, tag: int, start: int) -> int:
    for other, (place, _, _, _) in index.items():
        if other > tag:
            return place
    last = next(reversed(index.values()), None)
    return last[2] if last else start


def _has_bytes(piece: Piece) -> bool:
    return bool(piece) if isinstance(piece, bytes) else piece[0] < piece[1]
