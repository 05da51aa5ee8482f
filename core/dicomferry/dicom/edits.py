"""Edits: the ordered, immutable list of Set and Delete that a transform returns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from msgspec import Struct

from dicomferry.model import Wanted

TagPath = tuple[int, ...]
"""A path to an element: `(tag,)`, or `(sequence tag, item index, …, tag)`; items count from 0."""


class Set(Struct, frozen=True):
    r"""Give the element at `path` a value; a missing element is created.

    `value` is text or bytes. Text is encoded by VR in the data set's character set and padded;
    several values are joined with `\`, numbers are decimal. Bytes are the value field in the
    instance's own transfer syntax. `vr` is for a new element; empty means the VR that the element
    has, or the dictionary's. Missing sequences on the path are created, and so is one item right
    behind the last one.
    """

    path: TagPath
    value: str | bytes
    vr: str = ""


class Delete(Struct, frozen=True):
    """Remove the element at `path`; a missing element is no error."""

    path: TagPath


Edit = Set | Delete


class Edits(Struct, frozen=True):
    """Edits in the order they take effect; a later one at the same path wins.

    `wanted` are the labels that a transform asks of XNAT; the engine refuses a plan whose
    forecast differs. `notes` are codes of problems that the plan must warn of, as `code` or
    `code:what` without spaces; they change nothing of the instance, nor the digest.
    """

    items: tuple[Edit, ...] = ()
    wanted: Wanted | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, items: Iterable[Edit]) -> Edits:
        """Return the edits in `items`."""
        return cls(tuple(items))

    def __add__(self, later: Edits) -> Edits:
        wanted = later.wanted or self.wanted
        return Edits(self.items + later.items, wanted, self.notes + later.notes)

    def __iter__(self) -> Iterator[Edit]:
        return iter(self.items)

    def __bool__(self) -> bool:
        return bool(self.items) or self.wanted is not None

    def digest(self) -> str:
        """Return a hex SHA-256 of the edits; the ledger knows by it what was sent."""
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
