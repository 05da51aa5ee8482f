"""Where a PACS moves instances to: a port of this machine, by IPv4 and IPv6."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from dicomferry import FerryError
from dicomferry.dicom import quietly
from dicomferry_plugins._pacs.entity import silence, socket_of, undelayed
from dicomferry_plugins._pacs.intake import Door
from dicomferry_plugins._pacs.scu import EXPLICIT_LITTLE, IMPLICIT_LITTLE

if TYPE_CHECKING:
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.events import Event
    from pynetdicom.transport import ThreadedAssociationServer

_ASSOCIATIONS: Final = 16
_POLL: Final = 0.05
_NO_IPV6: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class MoveTarget(Struct, frozen=True):
    """Where a PACS is to move instances: what it calls us, and where we listen for it."""

    ae_title: str
    port: int
    host: str = ""


@contextmanager
def listening(target: MoveTarget, door: Door) -> Iterator[None]:
    """Listen for instances of any SOP class; raises `FerryError` when the port is taken.

    What is not asked for at the time is refused. Who calls us by another title is noted and
    rejected.
    """
    silence()
    with _any_class():
        server = _server(target, door)
        # pynetdicom's own thread takes half a second to end, and there is one for each study.
        Thread(target=server.serve_forever, args=(_POLL,), daemon=True).start()
        try:
            yield
        finally:
            BaseServer.shutdown(server)
            server.server_close()


@contextmanager
def _any_class() -> Iterator[None]:
    """Have pynetdicom take instances of any class, private ones too, in any transfer syntax."""
    from pynetdicom import _config

    before = _config.UNRESTRICTED_STORAGE_SERVICE
    _config.UNRESTRICTED_STORAGE_SERVICE = True
    try:
        yield
    finally:
        _config.UNRESTRICTED_STORAGE_SERVICE = before


def _server(target: MoveTarget, door: Door) -> ThreadedAssociationServer:
    from pynetdicom import evt
    from pynetdicom.transport import ThreadedAssociationServer

    class BothStacks(ThreadedAssociationServer):
        """Listens by IPv6, and by IPv4 at the same port."""

        def server_bind(self) -> None:
            if self.socket is not None:
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            super().server_bind()

    def knocked(event: Event) -> None:
        request = event.assoc.requestor.primitive
        if request is None:
            return
        called = str(request.called_ae_title).strip()
        if called != target.ae_title.strip():
            who = f"{str(request.calling_ae_title).strip()} at {_plain(event)}"
            door.strangers[f"{who} called us {called}, and we are {target.ae_title}"] += 1

    handlers: list[Any] = [
        (evt.EVT_CONN_OPEN, lambda event: undelayed(socket_of(event.assoc))),
        (evt.EVT_REQUESTED, knocked),
        (evt.EVT_C_ECHO, lambda _event: 0x0000),
        (evt.EVT_C_STORE, door.take),
    ]
    entity = _storage(target)

    def made(host: str, kind: type[ThreadedAssociationServer]) -> ThreadedAssociationServer:
        return entity.make_server((host, target.port), evt_handlers=handlers, server_class=kind)

    try:
        if target.host or not socket.has_dualstack_ipv6():
            return made(target.host, ThreadedAssociationServer)
        try:
            return made("::", BothStacks)
        except OSError as error:
            if error.errno not in _NO_IPV6:
                raise
            return made("", ThreadedAssociationServer)
    except OSError as error:
        raise FerryError(
            f"cannot listen at port {target.port} for what is moved: {error.strerror}",
            hint="choose another move_port, and tell the PACS of it",
        ) from None


def _plain(event: Event) -> str:
    address = str(event.assoc.requestor.address)
    return address.removeprefix("::ffff:")


def _storage(target: MoveTarget) -> ApplicationEntity:
    from pynetdicom import AE

    entity = AE(target.ae_title)
    entity.require_called_aet = True
    entity.maximum_associations = _ASSOCIATIONS
    with quietly():
        entity.add_supported_context("1.2.840.10008.1.1", [IMPLICIT_LITTLE, EXPLICIT_LITTLE])
    return entity
