"""What was read of a data set: one that has the same there would be answered the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from msgspec import Struct, field


class Reads(Struct, frozen=True):
    """The elements that were read, and whether it was asked which elements there are.

    `all_tags` when all tags were listed, `sequences` when those of the sequences were.
    """

    tags: tuple[int, ...]
    all_tags: bool
    sequences: bool


class Cut(Struct, frozen=True):
    """How to find what was read in the bytes of all that is laid out alike.

    `same` is what they have in common: which elements there are. `take` returns the elements read.
    """

    same: Hashable
    take: Callable[[bytes], tuple[bytes, ...]]


class Trace(Struct):
    """Notes what is read of elements; `untold` when it was more than `Reads` can say."""

    tags: set[int] = field(default_factory=set)
    all_tags: bool = False
    sequences: bool = False
    untold: bool = False

    def reads(self) -> Reads | None:
        """Return what was read; None when nobody can say."""
        return (
            None if self.untold else Reads(tuple(sorted(self.tags)), self.all_tags, self.sequences)
        )
