"""The tags that a transform read. Equal bytes there give an equal answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from msgspec import Struct, field


class Reads(Struct, frozen=True):
    """The tags that were read; whether all tags were listed, and whether all sequences were."""

    tags: tuple[int, ...]
    all_tags: bool
    sequences: bool


class Cut(Struct, frozen=True):
    """The place of the tags that were read, in the bytes of every data set of one shape.

    `same` says which elements all of them have. `take` returns the bytes of the elements read.
    """

    same: Hashable
    take: Callable[[bytes], tuple[bytes, ...]]


class Trace(Struct):
    """Notes what is read of elements; `read_all` when it was more than `Reads` can say."""

    tags: set[int] = field(default_factory=set)
    all_tags: bool = False
    sequences: bool = False
    read_all: bool = False

    def reads(self) -> Reads | None:
        """Return what was read; None when it was more than `Reads` can say."""
        if self.read_all:
            return None
        return Reads(tuple(sorted(self.tags)), self.all_tags, self.sequences)
