"""The storage service class user: C-STORE and C-ECHO to a peer (PS3.4 Annex B, PS3.7, PS3.8).

- Peer: host, port, AE titles, time limits and TLS of another application entity.
- StorageAssociation: an open association that stores instances, one at a time.
- StoreResponse: the peer's answer to one instance.
- Syntaxes: a SOP class UID and a transfer syntax UID, proposed as one presentation context.
- Link: the connection below an association; it sends buffers and receives PDUs.
- DimseStatus: the meaning of a response's status; only two categories mean stored.

The package `retrieve` is the asking side: C-FIND, C-GET and C-MOVE. The engine imports both;
plug-ins see the names of `__all__`. This package imports `dicom`, `peer` and
`errors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from dicomferry.dimse.association import (
    AssociationLostError,
    AssociationRejectedError,
    ContextRefusedError,
    StorageAssociation,
    StoreResponse,
    UnreachableError,
)
from dicomferry.dimse.contexts import MOST_CONTEXTS, Syntaxes, can_propose, plan_contexts
from dicomferry.dimse.status import DimseStatus, StatusCategory, store_status
from dicomferry.lazily import lazily
from dicomferry.peer import Peer, Timeouts, Tls, UserIdentity

if TYPE_CHECKING:
    from dicomferry.component import DicomNode
    from dicomferry.dimse.discretion import discreet
    from dicomferry.dimse.retrieve.fetch import DimseFetcher, moving
    from dicomferry.dimse.retrieve.move import MoveTarget
    from dicomferry.dimse.retrieve.probes import try_get, try_move
    from dicomferry.dimse.retrieve.query import (
        IMAGE,
        SERIES,
        STUDY,
        IncompleteAnswerError,
        Query,
        TooManyAnswersError,
        open_query,
    )
    from dicomferry.dimse.retrieve.search import (
        FoundSeries,
        FoundStudy,
        find_contents,
        find_studies,
    )

HOMES: Final = {
    "component": ("DicomNode",),
    "dimse.discretion": ("discreet",),
    "dimse.retrieve.fetch": ("DimseFetcher", "moving"),
    "dimse.retrieve.move": ("MoveTarget",),
    "dimse.retrieve.probes": ("try_get", "try_move"),
    "dimse.retrieve.query": (
        "IMAGE",
        "IncompleteAnswerError",
        "Query",
        "SERIES",
        "STUDY",
        "TooManyAnswersError",
        "open_query",
    ),
    "dimse.retrieve.search": ("FoundSeries", "FoundStudy", "find_contents", "find_studies"),
}

__all__ = [
    "IMAGE",
    "MOST_CONTEXTS",
    "SERIES",
    "STUDY",
    "AssociationLostError",
    "AssociationRejectedError",
    "ContextRefusedError",
    "DicomNode",
    "DimseFetcher",
    "DimseStatus",
    "FoundSeries",
    "FoundStudy",
    "IncompleteAnswerError",
    "MoveTarget",
    "Peer",
    "Query",
    "StatusCategory",
    "StorageAssociation",
    "StoreResponse",
    "Syntaxes",
    "Timeouts",
    "Tls",
    "TooManyAnswersError",
    "UnreachableError",
    "UserIdentity",
    "can_propose",
    "discreet",
    "echo",
    "find_contents",
    "find_studies",
    "moving",
    "open_association",
    "open_query",
    "plan_contexts",
    "store_status",
    "try_get",
    "try_move",
]

__getattr__, __dir__ = lazily(__name__, HOMES)


def open_association(peer: Peer, contexts: Sequence[Syntaxes]) -> StorageAssociation:
    """Associate with `peer` for storing; propose `contexts`, at most 128 (see `plan_contexts`).

    Raises `UnreachableError`, `AssociationRejectedError`, `ContextRefusedError` when the peer
    accepts none of the contexts, and `AssociationLostError` when it hangs or closes the connection.
    """
    if not 0 < len(contexts) <= MOST_CONTEXTS:
        raise ValueError(f"an association proposes 1 to {MOST_CONTEXTS} presentation contexts")
    from dicomferry.dimse.fast import open_fast

    return open_fast(peer, contexts)


def echo(peer: Peer) -> None:
    """Send a C-ECHO; return when the peer answers success, raise as `open_association` does."""
    from dicomferry.dimse.fast import open_fast
    from dicomferry.dimse.wire import IMPLICIT_VR_LITTLE_ENDIAN, VERIFICATION

    association = open_fast(peer, [(VERIFICATION, IMPLICIT_VR_LITTLE_ENDIAN)])
    status = association.echo()
    association.release()
    if status != 0:
        raise AssociationLostError(f"{peer} answered a C-ECHO with status {status:#06x}")
