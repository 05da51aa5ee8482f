"""The stand-in itself: a C-STORE SCP with XNAT's identification, grouping and refusals."""

from __future__ import annotations

import hashlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dicomferry.component import Identifier
from dicomferry.dicom.blob import BytesBlob
from dicomferry.errors import FerryError
from dicomferry.model import Forecast, Location
from dicomferry.xnat.capabilities import accepted_sop_classes, accepted_transfer_syntaxes
from dicomferry.xnat.receiver.faults import Fault, FaultCounter, Faults
from dicomferry.xnat.receiver.part10 import Wire, part10, stored_path, write_file
from dicomferry.xnat.receiver.receipts import Receipt, ReceiptLog
from dicomferry.xnat.sessions import Holdings, Received, received
from dicomferry.xnat.settle import Arrival, FirstSessions
from dicomferry.xnat.tree import Tree, tree_of

if TYPE_CHECKING:
    from pydicom import Dataset
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.events import Event, EventHandlerType
    from pynetdicom.transport import ThreadedAssociationServer

_LOG = logging.getLogger(__name__)
_VERIFICATION = "1.2.840.10008.1.1"
_CANNOT_UNDERSTAND = 0xC000
"""What XNAT answers to nearly every failure, lasting or not."""

_MAXIMUM_PDU = 1 << 18
_MAXIMUM_ASSOCIATIONS = 100
_COMMENT_LENGTH = 64
_WARNING = "this is dicomferry's stand-in, not an XNAT: it emulates an XNAT receiver, to rehearse"


class StandIn:
    """A receiver that behaves as an XNAT's would, as far as that is known without one.

    `storage` keeps what arrives as files, and `receipts.jsonl`; None keeps counts and digests
    alone. `port` 0 takes a free one, to be read from `port` once started. `prearchive_code` is
    the projects' setting (see `Holdings`).
    """

    def __init__(
        self,
        identifier: Identifier,
        storage: Path | None = None,
        *,
        ae_title: str = "XNAT",
        host: str = "127.0.0.1",
        port: int = 0,
        prearchive_code: int = 4,
        faults: Faults | None = None,
    ) -> None:
        self.ae_title = ae_title
        self.host = host
        self.port = port
        self._identifier = identifier
        self._storage = storage
        self._holdings = Holdings(prearchive_code)
        self._first_sessions = FirstSessions()
        self._faults = faults or Faults()
        self._counter = FaultCounter(self._faults)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._receipts = ReceiptLog(None)
        self._writing: set[Path] = set()
        self._server: ThreadedAssociationServer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; raises `FerryError` when the address or the storage cannot be had."""
        from pynetdicom import evt

        _LOG.warning(_WARNING)
        handlers: list[EventHandlerType] = [
            (evt.EVT_CONN_OPEN, _no_delay),
            (evt.EVT_C_ECHO, lambda _event: 0x0000),
            (evt.EVT_C_STORE, self._on_store),
        ]
        try:
            if self._storage is not None:
                self._storage.mkdir(parents=True, exist_ok=True)
                self._receipts = ReceiptLog(self._storage / "receipts.jsonl")
            self._server = _application_entity(self.ae_title).start_server(
                (self.host, self.port), block=False, evt_handlers=handlers
            )
        except OSError as error:
            raise FerryError(
                f"the stand-in cannot start at {self.host}:{self.port}: {error.strerror}",
                hint="choose another port, or 0 for a free one; the storage must be writable",
            ) from error
        if self._server is None:
            raise FerryError(f"the stand-in cannot start at {self.host}:{self.port}")
        self.port = int(self._server.server_address[1])

    def stop(self) -> None:
        """Stop listening and close what is open; what was received stays known."""
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server = None
        self._receipts.close()

    def build(self) -> None:
        """Let XNAT's five quiet minutes pass: build sessions, and archive those that are to be."""
        with self._lock:
            self._holdings.build()

    def tree(self) -> Tree:
        """Return what the stand-in holds."""
        with self._lock:
            return tree_of(self._holdings.sessions())

    def receipts(self) -> tuple[Receipt, ...]:
        """Return what was stored, in the order it came."""
        with self._lock:
            return self._receipts.all()

    def _on_store(self, event: Event) -> int | Dataset:
        fault = self._counter.next()
        if fault is Fault.REFUSE:
            return _status(self._faults.refuse_status, "refused on demand")
        if fault is Fault.HANG:
            self._stopping.wait(self._faults.hang_seconds)
        if fault is Fault.DROP:
            return _drop(event)
        try:
            self._take(_wire(event))
        except (FerryError, OSError) as error:
            return _status(_CANNOT_UNDERSTAND, str(error))
        except Exception as error:  # noqa: BLE001 - XNAT answers whatever was thrown in this way
            _LOG.error("an instance could not be taken: %s", type(error).__name__)
            return _status(_CANNOT_UNDERSTAND, type(error).__name__)
        return _drop(event) if fault is Fault.DROP_STORED else 0x0000

    def _take(self, wire: Wire) -> None:
        """Identify, store and record one instance; raises what XNAT refuses it for."""
        from dicomferry.dicom.instance import open_instance

        data = part10(wire)
        digest = hashlib.sha256(wire.data_set).hexdigest()
        with open_instance(BytesBlob(data), Location("C-STORE")) as instance:
            header = instance.header
        if not header.ref.sop_instance_uid or not header.ref.sop_class_uid:
            raise FerryError("no SOP Class UID or SOP Instance UID")
        forecast = self._identifier.forecast(header)
        if forecast.refused is not None:
            raise FerryError(forecast.refused)
        with self._lock:
            forecast = self._settled(header.ref.study_instance_uid, forecast)
        self._keep(wire, data, received(header, forecast, len(wire.data_set), digest))

    def _settled(self, study_instance_uid: str, forecast: Forecast) -> Forecast:
        if not self._identifier.first_session_wins:
            return forecast
        return self._first_sessions.settle(Arrival(study_instance_uid, forecast, time.monotonic()))

    def _keep(self, wire: Wire, data: bytes, instance: Received) -> None:
        relative = stored_path(instance.destination, instance.path)
        with self._alone(relative):
            if self._storage is not None:
                write_file(self._storage / relative, data)
            receipt = Receipt(
                instance.ref.sop_instance_uid,
                instance.digest,
                instance.size,
                wire.calling_ae_title,
                instance.destination,
                relative.as_posix() if self._storage else "",
            )
            with self._lock:
                self._holdings.receive(instance)
                self._receipts.append(receipt)

    @contextmanager
    def _alone(self, path: Path) -> Iterator[None]:
        """Hold a path for one association; XNAT refuses the second one in the same words."""
        with self._lock:
            if path in self._writing:
                raise FerryError("Concurrent file sends of the same data is not supported.")
            self._writing.add(path)
        try:
            yield
        finally:
            with self._lock:
                self._writing.remove(path)


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


def _status(status: int, comment: str) -> Dataset:
    from pydicom import Dataset

    answer = Dataset()
    answer.Status = status
    plain = " ".join(comment.replace("\\", "/").split())
    answer.ErrorComment = plain.encode("ascii", "replace").decode()[:_COMMENT_LENGTH]
    return answer
