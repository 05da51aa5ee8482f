"""The stand-in's DICOM side: a C-STORE SCP that offers and refuses what XNAT's does."""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from collections.abc import Collection
from socketserver import BaseRequestHandler, ThreadingTCPServer

from dicomferry import FerryError
from dicomferry.xnat import accepted_sop_classes, accepted_transfer_syntaxes
from dicomferry_plugins._stand_in.dicom.association import Association, CutError, RefusedError
from dicomferry_plugins._stand_in.dicom.message import Answer, Request
from dicomferry_plugins._stand_in.dicom.negotiation import AssociationRequest, Rejection
from dicomferry_plugins._stand_in.site.content import Arrival
from dicomferry_plugins._stand_in.site.faults import Fault, FaultCounter
from dicomferry_plugins._stand_in.site.part10 import Wire
from dicomferry_plugins._stand_in.site.site import StandInSite
from dicomferry_plugins._stand_in.site.whitelist import admits, check_ae_title

_LOG = logging.getLogger(__name__)
_VERIFICATION = "1.2.840.10008.1.1"
_CANNOT_UNDERSTAND = 0xC000
"""What XNAT answers to nearly every failure, lasting or not."""

# Rejections, permanent and transient (PS3.8 9.3.4).
_NOT_RECOGNIZED: Rejection = (1, 1, 3)
_NOT_CALLED: Rejection = (1, 1, 7)
_TOO_MANY: Rejection = (2, 3, 2)

_LOOK = 0.05
"""Seconds between two looks whether the server shall end."""
_PATIENCE = 60.0
"""Seconds for which a sender may say nothing."""
_MAXIMUM_ASSOCIATIONS = 100


class StorageScp:
    """Takes associations for a site; `port` 0 takes a free one, to be read once it listens."""

    def __init__(self, site: StandInSite, ae_title: str, host: str, port: int) -> None:
        check_ae_title(ae_title)
        self.ae_title = ae_title
        self.host = host
        self.port = port
        self.classes: Collection[str] = accepted_sop_classes() | {_VERIFICATION}
        self.syntaxes: Collection[str] = frozenset(accepted_transfer_syntaxes())
        self._site = site
        self._faults = site.settings.faults
        self._counter = FaultCounter(self._faults)
        self._stopping = threading.Event()
        self._server: _Server | None = None

    def start(self) -> None:
        """Listen; raises `OSError` when the address cannot be had."""
        self._server = _Server((self.host, self.port), self)
        threading.Thread(target=self._server.serve_forever, args=(_LOOK,), daemon=True).start()
        self.port = int(self._server.server_address[1])

    def stop(self) -> None:
        """Stop listening and close what is open."""
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def rejected(self, request: AssociationRequest, address: str) -> Rejection | None:
        """Return why an association is rejected; None where it is not."""
        whitelist = self._site.settings.whitelist
        if whitelist and not admits(whitelist, request.calling_ae_title, address):
            return _NOT_RECOGNIZED
        if request.called_ae_title != self.ae_title:
            return _NOT_CALLED
        if self._server is not None and self._server.associations > _MAXIMUM_ASSOCIATIONS:
            return _TOO_MANY
        return None

    def begin(self, request: Request, syntax: str, calling_ae_title: str) -> Arrival:
        """Return what takes the bytes of an object."""
        return self._site.expect(
            Wire(request.sop_class_uid, request.sop_instance_uid, syntax, calling_ae_title)
        )

    def end(self, arrival: Arrival) -> Answer:
        """Return the answer to an object that is there in full; raises `CutError` on demand."""
        fault = self._counter.next()
        if fault is Fault.REFUSE:
            return Answer(self._faults.refuse_status, "refused on demand")
        if fault is Fault.HANG:
            self._stopping.wait(self._faults.hang_seconds)
        if fault is Fault.DROP:
            raise CutError
        if fault is Fault.LOSE:
            return Answer()
        if arrival.size % 2:
            # dcmtk's receivers do so: a fragment of odd length is none (PS3.8 E.1).
            raise RefusedError
        try:
            if fault is Fault.DISK_FULL:
                self._site.disk_full()
            self._site.take_arrival(arrival)
        except (FerryError, OSError) as error:
            return Answer(_CANNOT_UNDERSTAND, _reason(error))
        except Exception as error:  # noqa: BLE001 - XNAT answers whatever was thrown in this way
            _LOG.error("an instance could not be taken: %s", type(error).__name__)
            return Answer(_CANNOT_UNDERSTAND, type(error).__name__)
        if fault is Fault.DROP_STORED:
            raise CutError
        return Answer()


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = _MAXIMUM_ASSOCIATIONS

    def __init__(self, address: tuple[str, int], storage: StorageScp) -> None:
        self.storage = storage
        self._lock = threading.Lock()
        self._open: set[Association] = set()
        super().__init__(address, _Connection)

    @property
    def associations(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def serve(self, connection: socket.socket) -> None:
        """Serve one connection to its end."""
        # Nagle's algorithm and delayed acknowledgements together cost 40 ms for every instance.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        association = Association(connection, self.storage)
        with self._lock:
            self._open.add(association)
        try:
            association.serve()
        finally:
            with self._lock:
                self._open.discard(association)
        association.hang_up()

    def service_actions(self) -> None:
        """End the associations whose peers have said nothing for too long."""
        before = time.monotonic() - _PATIENCE
        with self._lock:
            silent = [one for one in self._open if one.line.waiting < before]
        for association in silent:
            association.line.end_silence()

    def server_close(self) -> None:
        """Stop listening, and cut what is open."""
        super().server_close()
        with self._lock:
            for association in self._open:
                association.close()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """Log what ended a connection."""
        _LOG.error("a connection ended: %s", type(sys.exception()).__name__)


class _Connection(BaseRequestHandler):
    server: _Server
    request: socket.socket

    def handle(self) -> None:
        """Serve the connection."""
        self.server.serve(self.request)


def _reason(error: FerryError | OSError) -> str:
    # not str(error): it names the file, and that is made of labels
    return error.message if isinstance(error, FerryError) else error.strerror or "I/O error"
