"""The storage service class user: C-STORE and C-ECHO to a peer (PS3.4 Annex B, PS3.7, PS3.8)."""

from __future__ import annotations

from collections.abc import Sequence

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
from dicomferry.peer import Peer, Timeouts, Tls, UserIdentity

__all__ = [
    "MOST_CONTEXTS",
    "AssociationLostError",
    "AssociationRejectedError",
    "ContextRefusedError",
    "DimseStatus",
    "Peer",
    "StatusCategory",
    "StorageAssociation",
    "StoreResponse",
    "Syntaxes",
    "Timeouts",
    "Tls",
    "UnreachableError",
    "UserIdentity",
    "can_propose",
    "echo",
    "open_association",
    "plan_contexts",
    "store_status",
]


def open_association(peer: Peer, contexts: Sequence[Syntaxes]) -> StorageAssociation:
    """Associate with `peer` for storing, proposing `contexts`, at most 128 (see `plan_contexts`).

    Raises `UnreachableError`, `AssociationRejectedError`, `ContextRefusedError` when none of the
    contexts was accepted, and `AssociationLostError` when the peer hung or hung up.
    """
    if not 0 < len(contexts) <= MOST_CONTEXTS:
        raise ValueError(f"an association proposes 1 to {MOST_CONTEXTS} presentation contexts")
    from dicomferry.dimse.fast import open_fast

    return open_fast(peer, contexts)


def echo(peer: Peer) -> None:
    """Send a C-ECHO: return when the peer answers it with success; raises as `open_association`."""
    from dicomferry.dimse.fast import open_fast
    from dicomferry.dimse.wire import IMPLICIT_VR_LITTLE_ENDIAN, VERIFICATION

    association = open_fast(peer, [(VERIFICATION, IMPLICIT_VR_LITTLE_ENDIAN)])
    status = association.echo()
    association.release()
    if status != 0:
        raise AssociationLostError(f"{peer} answered a C-ECHO with status {status:#06x}")
