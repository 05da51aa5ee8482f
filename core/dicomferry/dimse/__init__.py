"""The storage service class user: C-STORE and C-ECHO to a peer (PS3.4 Annex B, PS3.7, PS3.8).

- Peer: host, port, AE titles, time limits and TLS of another application entity.
- StorageAssociation: an open association that stores instances, one at a time.
- StoreResponse: the peer's answer to one instance.
- Syntaxes: a SOP class UID and a transfer syntax UID, proposed as one presentation context.
- Link: the connection below an association; it sends buffers and receives PDUs.
- DimseStatus: the meaning of a response's status; only two categories mean stored.

The engine and its plug-ins see the names of `__all__`. Queries and retrievals are not here: the
built-in plug-in `pacs` makes them, with pynetdicom. This package imports `dicom`, `peer` and
`errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.lazily import lazily

if TYPE_CHECKING:
    from dicomferry.contract.dicom_node import DicomNode as DicomNode
    from dicomferry.dimse.association import (
        AssociationLostError as AssociationLostError,
        AssociationRejectedError as AssociationRejectedError,
        ContextRefusedError as ContextRefusedError,
        StorageAssociation as StorageAssociation,
        StoreResponse as StoreResponse,
        UnreachableError as UnreachableError,
    )
    from dicomferry.dimse.contexts import (
        MOST_CONTEXTS as MOST_CONTEXTS,
        Syntaxes as Syntaxes,
        can_propose as can_propose,
        plan_contexts as plan_contexts,
    )
    from dicomferry.dimse.discretion import discreet as discreet
    from dicomferry.dimse.fast import echo as echo, open_association as open_association
    from dicomferry.dimse.negotiate import (
        IMPLEMENTATION_CLASS_UID as IMPLEMENTATION_CLASS_UID,
        IMPLEMENTATION_VERSION_NAME as IMPLEMENTATION_VERSION_NAME,
    )
    from dicomferry.dimse.status import (
        DimseStatus as DimseStatus,
        StatusCategory as StatusCategory,
        store_status as store_status,
    )
    from dicomferry.peer import (
        Peer as Peer,
        Timeouts as Timeouts,
        Tls as Tls,
        UserIdentity as UserIdentity,
    )
else:
    __all__, __getattr__, __dir__ = lazily(__name__, {
        "contract.dicom_node": ("DicomNode",),
        "dimse.association": (
            "AssociationLostError", "AssociationRejectedError", "ContextRefusedError",
            "StorageAssociation", "StoreResponse", "UnreachableError",
        ),
        "dimse.contexts": ("MOST_CONTEXTS", "Syntaxes", "can_propose", "plan_contexts"),
        "dimse.discretion": ("discreet",),
        "dimse.fast": ("echo", "open_association"),
        "dimse.negotiate": ("IMPLEMENTATION_CLASS_UID", "IMPLEMENTATION_VERSION_NAME"),
        "dimse.status": ("DimseStatus", "StatusCategory", "store_status"),
        "peer": ("Peer", "Timeouts", "Tls", "UserIdentity"),
    })  # fmt: skip
