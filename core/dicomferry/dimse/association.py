"""A storage association: its peer, its methods, and its errors."""

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
    """An established association that stores instances, one at a time.

    Only one thread may use it.
    """

    @property
    def accepted(self) -> Mapping[Syntaxes, int]:
        """The accepted pairs of SOP class and transfer syntax, with their context IDs."""

    @property
    def alive(self) -> bool:
        """Whether the peer seems to hold the association still; this sends no message."""

    def store(
        self, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, data_set: Spliced
    ) -> StoreResponse:
        """Send one instance and return the peer's answer to it.

        Raises `ContextRefusedError` before anything is sent, and `AssociationLostError` when the
        peer may or may not have the instance. Errors of `data_set` pass through. The last two
        abort the association, so that the peer cannot take half a data set for a complete one.
        """

    def release(self) -> None:
        """End with a release; never raises, since all instances have their answer."""

    def abort(self) -> None:
        """End at once, without a release; never raises."""


class UnreachableError(FerryError):
    """The connection to the peer failed: address, port, network or TLS."""


class AssociationRejectedError(FerryError):
    """The peer answered with an A-ASSOCIATE-RJ (PS3.8 9.3.4), which holds the three numbers."""

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
        """Whether the peer says that a later request may succeed."""
        return self.result == 2


class AssociationLostError(FerryError):
    """The association ended early; the peer may or may not have stored the last instance.

    `hung` says that a time limit ended it, not the peer.
    """

    def __init__(self, message: str, *, hint: str = "", hung: bool = False) -> None:
        self.hung = hung
        super().__init__(message, hint=hint)


class ContextRefusedError(FerryError):
    """The peer did not accept the presentation context that an instance needs."""


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
