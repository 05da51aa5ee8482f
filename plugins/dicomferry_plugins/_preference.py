"""`prefer` of the source `folder`: which of several differing copies is brought."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from msgspec import Struct

from dicomferry import FoundCopy
from dicomferry_plugins._globs import compile_globs

_UNCOMPRESSED = frozenset({
    "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99",
})  # fmt: skip


class Prefer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which copy wins where differing ones share a SOP Instance UID, in this order."""

    folder: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="globs of paths: what the first matches goes before the rest"),
    ] = ()
    uncompressed: Annotated[
        bool, msgspec.Meta(description="uncompressed data before compressed")
    ] = False
    newest: Annotated[
        bool, msgspec.Meta(description="the file, or archive, that was modified last")
    ] = False


class Preference(Struct, frozen=True):
    """`prefer` of the options, ready to be asked."""

    folders: tuple[re.Pattern[str], ...]
    uncompressed: bool
    newest: bool

    def rank(self, path: str, copy: FoundCopy) -> tuple[int, ...]:
        """Return the place of a copy at a path relative to the source's folder."""
        matching = (n for n, glob in enumerate(self.folders) if glob.fullmatch(path))
        compressed = copy.transfer_syntax_uid not in _UNCOMPRESSED
        return (
            next(matching, len(self.folders)),
            int(compressed and self.uncompressed),
            -copy.modified_ns if self.newest else 0,
        )


def preference_of(prefer: Prefer | None) -> Preference | None:
    """Return the options ready to be asked; None without them."""
    if prefer is None:
        return None
    globs = tuple(compile_globs((glob,)) for glob in prefer.folder)
    return Preference(globs, prefer.uncompressed, prefer.newest)
