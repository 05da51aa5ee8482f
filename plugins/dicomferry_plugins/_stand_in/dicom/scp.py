"""The stand-in's DICOM side: a C-STORE SCP that offers and refuses what XNAT's does."""

from __future__ import annotations

import logging
import socket
import threading
from socketserver import BaseServer
from typing import TYPE_CHECKING, Any

from dicomferry import FerryError
from dicomferry.xnat import accepted_sop_classes, accepted_transfer_syntaxes
from dicomferry_plugins._stand_in.site.faults import Fault, FaultCounter
from dicomferry_plugins._stand_in.site.part10 import Wire
from dicomferry_plugins._stand_in.site.site import StandInSite
from dicomferry_plugins._stand_in.site.whitelist import admits, check_ae_title

if TYPE_CHECKING:
    from pydicom import Dataset
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.events import Event, EventHandlerType
    from pynetdicom.transport import ThreadedAssociationServer

_LOG = logging.getLogger(__name__)
_VERIFICATION = "1.2.840.10008.1.1"
_CANNOT_UNDERSTAND = 0xC000
"""What XNAT answers to nearly every failure, lasting or not."""

_NOT_RECOGNIZED = (0x01, 0x01, 0x03)
"""Rejected permanently by the user: calling AE title not recognized (PS3.8 9.3.4)."""

_LOOK = 0.05
"""Seconds between two looks whether the server shall end."""

_MAXIMUM_PDU = 1 << 14
"""What XNAT's receiver takes: the default of its DICOM library."""
_MAXIMUM_ASSOCIATIONS = 100
_COMMENT_LENGTH = 64


class StorageScp:
    """Takes associations for a site; `port` 0 takes a free one, to be read once it listens."""

    def __init__(self, site: StandInSite, ae_title: str, host: str, port: int) -> None:
        check_ae_title(ae_title)
        self.ae_title = ae_title
        self.host = host
        self.port = port
        self._site = site
        self._faults = site.settings.faults
        self._counter = FaultCounter(self._faults)
        self._stopping = threading.Event()
        self._server: ThreadedAssociationServer | None = None

    def start(self) -> None:
        """Listen; raises `OSError` when the address cannot be had."""
        from pynetdicom import evt
        from pynetdicom.transport import ThreadedAssociationServer

        handlers: list[EventHandlerType] = [
            (evt.EVT_CONN_OPEN, _no_delay),
            (evt.EVT_REQUESTED, self._on_request),
            (evt.EVT_C_ECHO, lambda _event: 0x0000),
            (evt.EVT_C_STORE, self._on_store),
        ]
        # not start_server(): its loop looks only twice a second whether it shall end
        server: Any = _application_entity(self.ae_title).make_server(
            (self.host, self.port), evt_handlers=handlers, server_class=ThreadedAssociationServer
        )
        threading.Thread(target=server.serve_forever, args=(_LOOK,), daemon=True).start()
        self._server = server
        self.port = int(server.server_address[1])

    def stop(self) -> None:
        """Stop listening and close what is open."""
        self._stopping.set()
        if self._server is not None:
            BaseServer.shutdown(self._server)
            self._server.server_close()
            self._server = None

    def _on_request(self, event: Event) -> None:
        whitelist = self._site.settings.whitelist
        requestor = event.assoc.requestor
        request: Any = requestor.primitive
        title = str(request.calling_ae_title).strip()
        if whitelist and not admits(whitelist, title, str(requestor.address)):
            event.assoc.acse.send_reject(*_NOT_RECOGNIZED)
            event.assoc.is_rejected = True
            # as pynetdicom does behind its own rejections: waits until the answer has left
            event.assoc.kill()

    def _on_store(self, event: Event) -> int | Dataset:
        fault = self._counter.next()
        if fault is Fault.REFUSE:
            return _status(self._faults.refuse_status, "refused on demand")
        if fault is Fault.HANG:
            self._stopping.wait(self._faults.hang_seconds)
        if fault is Fault.DROP:
            return _drop(event)
        if fault is Fault.LOSE:
            return 0x0000
        wire = _wire(event)
        if len(wire.data_set) % 2:
            # dcmtk's receivers do so: a fragment of odd length is none (PS3.8 E.1).
            event.assoc.abort()
            return _CANNOT_UNDERSTAND
        try:
            if fault is Fault.DISK_FULL:
                self._site.disk_full()
            self._site.take_wire(wire)
        except (FerryError, OSError) as error:
            return _status(_CANNOT_UNDERSTAND, _reason(error))
        except Exception as error:  # noqa: BLE001 - XNAT answers whatever was thrown in this way
            _LOG.error("an instance could not be taken: %s", type(error).__name__)
            return _status(_CANNOT_UNDERSTAND, type(error).__name__)
        return _drop(event) if fault is Fault.DROP_STORED else 0x0000


def _application_entity(ae_title: str) -> ApplicationEntity:
    """Return an entity that offers exactly what XNAT's receiver offers."""
    from pynetdicom import AE, register_uid
    from pynetdicom.service_class import StorageServiceClass
    from pynetdicom.sop_class import uid_to_service_class

    entity = AE(ae_title)
    entity.require_called_aet = True
    entity.maximum_associations = _MAXIMUM_ASSOCIATIONS
    entity.maximum_pdu_size = _MAXIMUM_PDU
    syntaxes = list(accepted_transfer_syntaxes())
    entity.add_supported_context(_VERIFICATION, syntaxes)
    for uid in sorted(accepted_sop_classes()):
        if not issubclass(uid_to_service_class(uid), StorageServiceClass):
            # The vendors' private classes, which pynetdicom does not know to be storage
            register_uid(uid, f"Private{uid.replace('.', '_')}Storage", StorageServiceClass)
        entity.add_supported_context(uid, syntaxes)
    return entity


def _connection(event: Event) -> socket.socket | None:
    """Return the connection's own socket."""
    wrapper = event.assoc.dul.socket
    return None if wrapper is None else wrapper.socket


def _no_delay(event: Event) -> None:
    # Nagle's algorithm and delayed acknowledgements together cost 40 ms for every instance
    connection = _connection(event)
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _drop(event: Event) -> int:
    """Cut the connection as a power failure would; the status never leaves."""
    connection = _connection(event)
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    return _CANNOT_UNDERSTAND


def _wire(event: Event) -> Wire:
    request: Any = event.request
    return Wire(
        str(request.AffectedSOPClassUID),
        str(request.AffectedSOPInstanceUID),
        str(event.context.transfer_syntax),
        str(event.assoc.requestor.ae_title),
        request.DataSet.getvalue() if request.DataSet else b"",
    )


def _reason(error: FerryError | OSError) -> str:
    # not str(error): it names the file, and that is made of labels
    return error.message if isinstance(error, FerryError) else error.strerror or "I/O error"


def _status(status: int, comment: str) -> Dataset:
    from pydicom import Dataset

    answer = Dataset()
    answer.Status = status
    plain = " ".join(comment.replace("\\", "/").split())
    answer.ErrorComment = plain.encode("ascii", "replace").decode()[:_COMMENT_LENGTH]
    return answer
