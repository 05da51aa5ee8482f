"""pynetdicom's side of an association with a peer: opened, its failure told, its socket."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dicomferry.dicom import quietly
from dicomferry.dimse import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    AssociationLostError,
    AssociationRejectedError,
    ContextRefusedError,
    Peer,
    UnreachableError,
    UserIdentity,
    echo,
)

if TYPE_CHECKING:
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.association import Association
    from pynetdicom.pdu_primitives import UserIdentityNegotiation


def associate(
    peer: Peer,
    contexts: Sequence[tuple[str, str | tuple[str, ...]]],
    *,
    idle: float | None = None,
    negotiation: Sequence[Any] = (),
    handlers: Sequence[Any] = (),
) -> tuple[Association, socket.socket]:
    """Return an established association and its connection, which the caller has to close.

    `idle` is for how many seconds nothing may come from the peer; None is without end.
    `negotiation` are pynetdicom's items beside the peer's user identity (PS3.7 D.3.3), `handlers`
    its pairs of event and function. Raises as `open_association`.
    """
    from pynetdicom import build_context, evt

    silence()
    connections: list[socket.socket] = []
    rejections: list[tuple[int, int, int]] = []
    identity = [_user_identity(peer.user_identity)] if peer.user_identity else []
    try:
        # pynetdicom warns of UIDs, and of the socket that it forgets where nobody listens.
        with quietly():
            association = _application_entity(peer, idle).associate(
                peer.host,
                peer.port,
                contexts=[
                    build_context(abstract, transfer if isinstance(transfer, str) else [*transfer])
                    for abstract, transfer in contexts
                ],
                ae_title=peer.called_ae_title,
                max_pdu=peer.max_pdu_length,
                ext_neg=[*negotiation, *identity] or None,
                evt_handlers=[
                    (evt.EVT_CONN_OPEN, lambda event: connections.append(socket_of(event.assoc))),
                    (evt.EVT_PDU_RECV, lambda event: rejections.extend(_rejection(event.pdu))),
                    *handlers,
                ],
                tls_args=(peer.tls.context(), peer.host) if peer.tls else None,
            )
    except (OSError, UnicodeError, OverflowError) as error:
        raise UnreachableError(f"{peer} is unreachable: {error}", hint="check host") from error
    if not association.is_established:
        for connection in connections:  # pynetdicom forgets those that the peer broke
            connection.close()
        if rejections:
            raise AssociationRejectedError(peer, *rejections[0])
        if peer.tls and not connections:
            echo(peer)  # pynetdicom does not tell what is wrong with a certificate
        raise _failure(peer, len(contexts), association, bool(connections))
    undelayed(connections[0])
    return association, connections[0]


def silence() -> None:
    """Switch pynetdicom's log off: it tells of data sets, and errors are raised here anyway.

    To log an answer, pynetdicom would also decode its texts, before its character set is known.
    """
    from pynetdicom import _config

    _config.LOG_RESPONSE_IDENTIFIERS = False
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)


def socket_of(association: Association) -> socket.socket:
    """Return the association's connection; raises `AssociationLostError` where it is gone."""
    wrapper = association.dul.socket
    if wrapper is None or wrapper.socket is None:
        raise AssociationLostError("the connection broke as soon as the association was accepted")
    return wrapper.socket


def undelayed(connection: socket.socket) -> None:
    """Send every message at once: Nagle's algorithm would let each response wait for 40 ms."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _application_entity(peer: Peer, idle: float | None) -> ApplicationEntity:
    from pynetdicom import AE

    entity = AE(peer.calling_ae_title)
    entity.connection_timeout = peer.timeouts.connect
    entity.acse_timeout = peer.timeouts.association
    entity.dimse_timeout = peer.timeouts.response
    entity.network_timeout = idle
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    return entity


def _user_identity(identity: UserIdentity) -> UserIdentityNegotiation:
    """Return pynetdicom's item for a user name, with or without passcode (PS3.7 D.3.3.7.1)."""
    from pynetdicom.pdu_primitives import UserIdentityNegotiation

    item = UserIdentityNegotiation()
    item.user_identity_type = 2 if identity.passcode else 1
    item.positive_response_requested = False
    item.primary_field = identity.user_name.encode()
    if identity.passcode:
        item.secondary_field = identity.passcode.encode()
    return item


def _rejection(pdu: object) -> Iterator[tuple[int, int, int]]:
    """Yield the numbers of a rejection: `associate` misses one whose sender hangs up at once."""
    from pynetdicom.pdu import A_ASSOCIATE_RJ

    if isinstance(pdu, A_ASSOCIATE_RJ):
        yield (pdu.result or 0, pdu.source or 0, pdu.reason_diagnostic or 0)


def _failure(peer: Peer, contexts: int, association: Association, connected: bool) -> Exception:
    """Return the error that says why there is no association."""
    answer = association.acceptor.primitive
    if not connected:
        return UnreachableError(
            f"{peer} is unreachable at {peer.host}:{peer.port}",
            hint="is it running, and are host, port and TLS right?",
        )
    if answer is not None and answer.result == 0:
        return ContextRefusedError(
            f"{peer} accepted none of {contexts} presentation contexts",
            hint="the receiver does not take these SOP classes in these transfer syntaxes",
        )
    return AssociationLostError(f"{peer} did not answer an association request", hung=True)
