"""The association request and what comes back, by pynetdicom's PDU classes (PS3.8 9.3)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomferry.dicom.quiet import quietly
from dicomferry.dimse.association import (
    AssociationLostError,
    AssociationRejectedError,
    ContextRefusedError,
    Peer,
    UserIdentity,
)
from dicomferry.dimse.contexts import Syntaxes, context_id

if TYPE_CHECKING:
    from pynetdicom.pdu_primitives import A_ASSOCIATE, UserIdentityNegotiation

A_ASSOCIATE_AC, A_ASSOCIATE_RJ = 0x02, 0x03
IMPLEMENTATION_CLASS_UID = "2.25.73998347940216433173877779471893825357"
IMPLEMENTATION_VERSION_NAME = "DICOMFERRY"
_APPLICATION_CONTEXT_NAME = "1.2.840.10008.3.1.1.1"
_UNREADABLE = (
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the peer agreed to. `max_pdu_length` is the longest PDU it takes, 0 for any."""

    accepted: dict[Syntaxes, int]
    max_pdu_length: int


def associate_rq(peer: Peer, contexts: Sequence[Syntaxes]) -> bytes:
    """Encode an A-ASSOCIATE-RQ that proposes each of `contexts` on its own."""
    from pynetdicom.pdu import A_ASSOCIATE_RQ
    from pynetdicom.presentation import build_context

    primitive = _associate(peer)
    with quietly():  # the form of the UIDs is what it is
        proposed = [build_context(abstract, transfer) for abstract, transfer in contexts]
        for position, context in enumerate(proposed):
            context.context_id = context_id(position)
        primitive.presentation_context_definition_list = proposed
        return A_ASSOCIATE_RQ(primitive).encode()


def _associate(peer: Peer) -> A_ASSOCIATE:
    """Return the request without its presentation contexts."""
    from pydicom.uid import UID
    from pynetdicom.pdu_primitives import (
        A_ASSOCIATE,
        ImplementationClassUIDNotification,
        ImplementationVersionNameNotification,
        MaximumLengthNotification,
    )

    primitive = A_ASSOCIATE()
    primitive.application_context_name = UID(_APPLICATION_CONTEXT_NAME)
    primitive.called_ae_title = peer.called_ae_title
    primitive.calling_ae_title = peer.calling_ae_title
    longest = MaximumLengthNotification()
    longest.maximum_length_received = peer.max_pdu_length
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    primitive.user_information = [longest, implementation, version]
    if peer.user_identity:
        primitive.user_information.append(user_identity(peer.user_identity))
    return primitive


def user_identity(identity: UserIdentity) -> UserIdentityNegotiation:
    """Return pynetdicom's item for a user name, with or without passcode (PS3.7 D.3.3.7.1)."""
    from pynetdicom.pdu_primitives import UserIdentityNegotiation

    item = UserIdentityNegotiation()
    item.user_identity_type = 2 if identity.passcode else 1
    item.positive_response_requested = False
    item.primary_field = identity.user_name.encode()
    if identity.passcode:
        item.secondary_field = identity.passcode.encode()
    return item


def agreement(peer: Peer, contexts: Sequence[Syntaxes], kind: int, body: bytes) -> Agreement:
    """Read the answer to `associate_rq`.

    Raises `AssociationRejectedError`, `ContextRefusedError` when the peer takes none of the
    contexts, and `AssociationLostError` for anything else than an answer.
    """
    if kind == A_ASSOCIATE_RJ and len(body) >= 4:
        raise AssociationRejectedError(peer, body[1], body[2], body[3])
    if kind != A_ASSOCIATE_AC:
        raise AssociationLostError(f"{peer} answered an association request with PDU type {kind}")
    try:
        agreed = _accepted(contexts, struct.pack(">BxI", kind, len(body)) + body)
    except _UNREADABLE as error:
        raise AssociationLostError(f"{peer} sent an unreadable A-ASSOCIATE-AC") from error
    if not agreed.accepted:
        raise none_accepted(peer, contexts)
    return agreed


def _accepted(contexts: Sequence[Syntaxes], pdu: bytes) -> Agreement:
    from pynetdicom.pdu import A_ASSOCIATE_AC as ACCEPTANCE

    acceptance = ACCEPTANCE()
    with quietly():
        acceptance.decode(pdu)
        answers = {item.context_id: item for item in acceptance.presentation_context}
        accepted = {
            pair: number
            for number, pair in ((context_id(at), pair) for at, pair in enumerate(contexts))
            if number in answers
            and answers[number].result == 0
            and answers[number].transfer_syntax == pair[1]
        }
    information = acceptance.user_information
    return Agreement(accepted, (information and information.maximum_length) or 0)


def none_accepted(peer: Peer, contexts: Sequence[Syntaxes]) -> ContextRefusedError:
    """Return the error of an association that would be of no use."""
    return ContextRefusedError(
        f"{peer} accepted none of {len(contexts)} presentation contexts",
        hint="the receiver does not take these SOP classes in these transfer syntaxes",
    )
