"""Parts: elements and items as they will be written, and a data set made of them."""

from __future__ import annotations

from msgspec import Struct

from dicomferry.dicom.editing import LENGTH_TO_END
from dicomferry.dicom.encode import encode_element
from dicomferry.dicom.pieces import Piece
from dicomferry.dicom.syntax import Syntax


class Part(Struct):
    """An element or item as it will be written: its pieces, their length, and whether it is new."""

    pieces: list[Piece]
    length: int
    changed: bool = False

    def add(self, piece: Piece) -> None:
        """Add bytes, or a stretch of the original."""
        if isinstance(piece, bytes):
            self.length += len(piece)
        else:
            self.length += piece[1] - piece[0]
            last = self.pieces[-1] if self.pieces else b""
            if not isinstance(last, bytes) and last[1] == piece[0]:
                self.pieces[-1] = (last[0], piece[1])
                return
        self.pieces.append(piece)

    def join(self, other: Part) -> None:
        """Add another part behind this one."""
        for piece in other.pieces:
            self.add(piece)
        self.changed = self.changed or other.changed


def joined(found: dict[int, Part], written: Syntax) -> Part:
    """Return the elements one behind the other; group lengths follow what was changed."""
    lengths: dict[int, int] = {}
    changed: set[int] = set()
    for tag, part in found.items():
        if tag & 0xFFFF:
            lengths[tag >> 16] = lengths.get(tag >> 16, 0) + part.length
            if part.changed:
                changed.add(tag >> 16)
    for group in changed:
        if group << 16 in found:
            found[group << 16] = _number_part(group << 16, lengths[group], written)
    if changed and LENGTH_TO_END in found:
        behind = sum(part.length for tag, part in found.items() if tag > LENGTH_TO_END)
        found[LENGTH_TO_END] = _number_part(LENGTH_TO_END, behind, written)
    whole = Part([], 0, changed=bool(changed))
    for part in found.values():
        whole.join(part)
    return whole


def front_of(tag: int, vr: str, length: int, syntax: Syntax) -> bytes:
    """Return an element up to its value; `length` may be undefined."""
    data, value = encode_element(tag, vr, b"", syntax)
    size = 2 if not syntax.implicit and value == 8 else 4
    return data[: value - size] + length.to_bytes(size, syntax.order)


def _number_part(tag: int, number: int, written: Syntax) -> Part:
    data = encode_element(tag, "UL", number.to_bytes(4, written.order), written)[0]
    return Part([data], len(data), changed=True)
