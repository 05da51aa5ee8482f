"""Mending: a data set that the walk cannot follow is read with care and laid out anew.

- Original: the bytes of the data set, and the VR form that a stretch of them is written in.
- ElementHead: where an element and its value start, its VR, and its length.
- Part: an element or item as it will be written, of new bytes and stretches of the original.
- Notes: what was mended, and where.
- Mender: reads elements and items of the original, and returns parts.

Only what readers agree on is mended: odd lengths are padded by VR (PS3.5 7.1.1), VRs that are none
are read by the dictionary (as dcmtk and dcm4che do), NULs behind the last element are left out, so
are elements of the command and meta groups and those that repeat another with the same value, and
items are written in the VR form of the data set around them. What they do not agree on needs leave
of the recipe: a mend with a code. Everything else is damage.

`instance.py` calls `mended` where the walk is unsure; nothing else does. The modules import each
other in one direction: `notes` and `parts`, `original`, `heads`, `writing`, `fragments`, `mender`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.dicom.blob import Pieced
from dicomferry.dicom.mending.mender import Mender

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob
    from dicomferry.dicom.mends import Mend
    from dicomferry.dicom.syntax import Syntax


def mended(
    blob: Blob, origin: int, syntax: Syntax, meta: frozenset[int]
) -> tuple[Pieced, tuple[Mend, ...]]:
    """Return a data set that was mended, and what was.

    `meta` are the tags of the file's own meta group. Raises `CutError`, and `UnsureError` for what
    cannot be mended. Bytes in messages count from the start of `blob`.
    """
    mender = Mender(blob, origin, meta)
    whole = mender.data_set(syntax)
    return Pieced(whole.pieces, blob), tuple(mender.notes.mends())
