"""The digests of one delivery, taken in the worker while the file is at hand."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from dicomferry.dicom.blob import Blob
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import Instance
from dicomferry.errors import FerryError
from dicomferry.ledger.provenance import Proof
from dicomferry.model import Outcome

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What became of an instance, and the proof of what it was made of."""

    outcome: Outcome
    proof: Proof


def witness(outcome: Outcome, blob: Blob, instance: Instance, header: Header) -> Witnessed:
    """Return an outcome with the digests of what was read and of what was handed out.

    The file was read a moment ago: its bytes come from the system's cache, not from the disk.
    """
    uid = instance.header.ref.sop_instance_uid
    try:
        whole = hashlib.sha256()
        for start in range(0, blob.size, _CHUNK):
            whole.update(blob.read(start, min(_CHUNK, blob.size - start)))
        sent = hashlib.sha256()
        for chunk in instance.data_set(header).chunks(_CHUNK):
            sent.update(chunk)
    except (FerryError, OSError):
        # What the receiver said stays true; only that it can be repeated is not proved.
        return Witnessed(outcome, Proof(uid, "", ""))
    return Witnessed(outcome, Proof(uid, whole.hexdigest(), sent.hexdigest()))
