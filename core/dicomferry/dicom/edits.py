"""What a transform answers: an ordered, immutable list of set and delete at a tag path."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from msgspec import Struct

from dicomferry.model import Wanted

TagPath = tuple[int, ...]
"""The way to an element: `(tag,)`, or `(sequence tag, item index, …, tag)`; items count from 0."""


class Set(Struct, frozen=True):
    r"""Give the element at `path` a value; it is created where it is missing.

    `value` is text (several values joined with `\`, numbers in decimal; encoded by VR, padded, in
    the data set's character set), or bytes: the value field as it stands in the instance's own
    transfer syntax. `vr` is the VR to create it with; empty means the VR the element has, or the
    dictionary's. The sequences on the way, and the item right behind the last one present, are
    created when they are missing.
    """

    path: TagPath
    value: str | bytes
    vr: str = ""


class Delete(Struct, frozen=True):
    """Remove the element at `path`; nothing happens where it is missing."""

    path: TagPath


Edit = Set | Delete


class Edits(Struct, frozen=True):
    """Edits in the order they take effect; a later one at the same path wins.

    `wanted` is what an identify transform asks XNAT to call the instance; the engine refuses the
    plan where the forecast differs.
    """

    items: tuple[Edit, ...] = ()
    wanted: Wanted | None = None

    @classmethod
    def of(cls, items: Iterable[Edit]) -> Edits:
        """Return the edits in `items`."""
        return cls(tuple(items))

    def __add__(self, later: Edits) -> Edits:
        return Edits(self.items + later.items, later.wanted or self.wanted)

    def __iter__(self) -> Iterator[Edit]:
        return iter(self.items)

    def __bool__(self) -> bool:
        return bool(self.items) or self.wanted is not None

    def digest(self) -> str:
        """Return a hex SHA-256 of the edits: equal edits of one instance give an equal output."""
        sha = hashlib.sha256()
        for item in self.items:
            match item:
                case Set(path, value, vr):
                    body = value if isinstance(value, bytes) else value.encode()
                    kind = b"b" if isinstance(value, bytes) else b"t"
                    head = f"set {path} {vr} {len(body)} ".encode()
                    sha.update(head + kind + body)
                case Delete(path):
                    sha.update(f"delete {path} ".encode())
        return sha.hexdigest()
