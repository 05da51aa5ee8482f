"""Whether a server holds an instance just as it was sent, asked by WADO-RS."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from dicomferry import FerryError, Parcel
from dicomferry_plugins._dicomweb.client import WebClient
from dicomferry_plugins._dicomweb.multipart import CutError, MultipartReader, media_type
from dicomferry_plugins._dicomweb.qido import STORED, instance_path

_META_LENGTH: Final = bytes.fromhex("02000000") + b"UL" + bytes.fromhex("0400")
"""The beginning of the first element of the meta group (PS3.10 7.1), at byte 132."""

_BEFORE_META: Final = 144


def holds(client: WebClient, parcel: Parcel) -> bool:
    """Tell whether a server gives back the data set of a parcel, byte for byte.

    False where it does not, where it gives another one, and where it cannot be asked: an instance
    of the same UID may be there from before.
    """
    ref = parcel.ref
    path = instance_path(ref.study_instance_uid, ref.series_instance_uid, ref.sop_instance_uid)
    try:
        with client.get(path, STORED) as answer:
            kind, boundary = media_type(answer.headers.get("Content-Type", ""))
            chunks = client.chunks(answer)
            if kind == "application/dicom":
                found = [_data_set_digest(chunks)]
            elif kind.startswith("multipart/") and boundary:
                found = [
                    _data_set_digest(part.chunks) for part in MultipartReader(chunks, boundary)
                ]
            else:
                return False
        sent = sha256()
        for chunk in parcel.data_set().chunks():
            sent.update(chunk)
    except (CutError, FerryError, OSError):
        return False
    return found == [sent.digest()]


def _data_set_digest(chunks: Iterable[bytes]) -> bytes:
    """Return the digest of what stands behind the meta group of a Part 10 file."""
    digest, head, skip = sha256(), b"", -1
    for chunk in chunks:
        rest = chunk
        if skip < 0:
            head += chunk
            if len(head) < _BEFORE_META:
                continue
            known = head[132 : 132 + len(_META_LENGTH)] == _META_LENGTH
            skip = _BEFORE_META + int.from_bytes(head[140:144], "little") if known else 0
            rest = head
        passed = min(skip, len(rest))
        skip -= passed
        digest.update(rest[passed:])
    return digest.digest()
