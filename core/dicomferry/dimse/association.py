"""A storage association: whom it is with, what it promises, and how it can fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from dicomferry.dicom.splice import Spliced
from dicomferry.dimse.contexts import Syntaxes
from dicomferry.errors import FerryError
from dicomferry.peer import Peer


class StoreResponse(Struct, frozen=True):
    """The peer's answer: Status (0000,0900) and Error Comment (0000,0902), empty without one."""

    status: int
    error_comment: str = ""


class StorageAssociation(Protocol):
    """An established association over which instances are stored, one at a time.

    Not for use from two threads.
    """

    @property
    def accepted(self) -> Mapping[Syntaxes, int]:
        """The pairs of SOP class and transfer syntax the peer takes, with their context IDs."""
        ...

    @property
    def alive(self) -> bool:
        """Whether the peer, as far as is known without asking it, still holds the association."""
        ...

    def store(
        self, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, data_set: Spliced
    ) -> StoreResponse:
        """Send one instance and return the peer's answer to this very instance.

        Raises `ContextRefusedError` without sending anything, and `AssociationLostError` when it
        is unknown whether the peer has the instance. What `data_set` raises passes through. After
        the latter two the association has been aborted, so that no half data set is completed.
        """
        ...

    def release(self) -> None:
        """End in good order; never raises, for nothing depends on it."""
        ...

    def abort(self) -> None:
        """End at once; never raises."""
        ...


class UnreachableError(FerryError):
    """No connection to the peer came about: address, port, network, or TLS."""


class AssociationRejectedError(FerryError):
    """The peer answered with an A-ASSOCIATE-RJ (PS3.8 9.3.4); the three numbers are its own."""

    def __init__(self, peer: Peer, result: int, source: int, reason: int) -> None:
        self.result, self.source, self.reason = result, source, reason
        words = _REASONS.get((source, reason), "a reason DICOM does not define")
        kind = {1: "for good", 2: "for now"}.get(result, "")
        super().__init__(
            f"{peer} rejected the association {kind}".rstrip()
            + f": {words} (result {result}, source {source}, reason {reason}"
            + f": {_SOURCES.get(source, 'unknown source')})",
            hint=_rejection_hint(peer, source, reason),
        )

    @property
    def transient(self) -> bool:
        """Whether the peer says that trying again may help."""
        return self.result == 2


class AssociationLostError(FerryError):
    """The association ended early; what was under way may or may not have been stored.

    `hung` when the peer fell silent, rather than saying or showing that it ended.
    """

    def __init__(self, message: str, *, hint: str = "", hung: bool = False) -> None:
        self.hung = hung
        super().__init__(message, hint=hint)


class ContextRefusedError(FerryError):
    """The peer does not take the presentation context that is needed."""


_SOURCES = {
    1: "its service-user",
    2: "its service-provider, ACSE",
    3: "its service-provider, presentation",
}

_REASONS = {
    (1, 1): "no reason given",
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}


def _rejection_hint(peer: Peer, source: int, reason: int) -> str:
    match source, reason:
        case 1, 7:
            return (
                f"the called AE title {peer.called_ae_title!r} is not known at that host and port"
            )
        case 1, 3:
            return f"the peer must be told of the calling AE title {peer.calling_ae_title!r}"
        case 3, _:
            return "the peer is busy: use fewer associations, or run again later"
        case _:
            return "the peer's own log says more"
