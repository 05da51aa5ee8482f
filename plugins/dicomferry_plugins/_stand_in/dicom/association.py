"""One association that a sender opened, from its request to its end; a thread serves each."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Collection
from typing import Final, Protocol

from dicomferry_plugins._stand_in.dicom.message import (
    C_CANCEL_RQ,
    C_ECHO_RQ,
    C_STORE_RQ,
    UNRECOGNIZED_OPERATION,
    Answer,
    Request,
)
from dicomferry_plugins._stand_in.dicom.negotiation import (
    AssociationRequest,
    Rejection,
    acceptance,
    accepted,
    rejection,
)
from dicomferry_plugins._stand_in.dicom.pdu import (
    ABORT,
    ABORT_PDU,
    ASSOCIATE_RQ,
    P_DATA_TF,
    RELEASE_RP_PDU,
    RELEASE_RQ,
    BrokenError,
    Line,
    PduReader,
    Pdv,
    command_pdu,
    pdvs,
)
from dicomferry_plugins._stand_in.site.content import Arrival

_LONGEST_COMMAND: Final = 1 << 16
_HANGING_UP: Final = 5.0
"""Seconds that the peer has to close the connection once all is said (PS3.8 9.1.5)."""


class RefusedError(Exception):
    """An object is answered with an A-ABORT."""


class CutError(Exception):
    """The connection ends as in a power failure: nothing more leaves."""


class Storage(Protocol):
    """What takes the objects of an association, and says which associations it takes."""

    classes: Collection[str]
    syntaxes: Collection[str]

    def rejected(self, request: AssociationRequest, address: str) -> Rejection | None:
        """Return why an association is rejected; None where it is not."""

    def begin(self, request: Request, syntax: str, calling_ae_title: str) -> Arrival:
        """Return what takes the bytes of an object."""

    def end(self, arrival: Arrival) -> Answer:
        """Return the answer to an object that is there in full.

        Raises `RefusedError`, and `CutError`.
        """


class Association:
    """Serves one connection; `storage` decides, and is asked by many threads."""

    def __init__(self, connection: socket.socket, storage: Storage) -> None:
        self.connection = connection
        self.line = Line(connection)
        self._storage = storage
        self._reader = PduReader(self.line)
        self._contexts: dict[int, str] = {}
        self._calling = ""
        self._command = bytearray()
        self._request: Request | None = None
        self._arrival: Arrival | None = None

    def serve(self) -> None:
        """Negotiate, and take what comes."""
        try:
            with contextlib.suppress(OSError):
                if self._negotiated():
                    self._converse()
        except (BrokenError, RefusedError):
            self.line.send(ABORT_PDU)
        except CutError:
            self.close()
        finally:
            if self._arrival is not None:
                self._arrival.close()

    def close(self) -> None:
        """Cut the connection."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _negotiated(self) -> bool:
        kind, body = self._reader.next()
        if kind != ASSOCIATE_RQ:
            raise BrokenError("it does not begin with an A-ASSOCIATE-RQ")
        request = AssociationRequest.parse(body)
        refused = self._storage.rejected(request, str(self.connection.getpeername()[0]))
        if refused is not None:
            self.line.send(rejection(refused))
            return False
        self._calling = request.calling_ae_title
        self._contexts = accepted(request, self._storage.classes, self._storage.syntaxes)
        self.line.send(acceptance(request, self._contexts, self._storage.classes))
        return True

    def _converse(self) -> None:
        while True:
            kind, body = self._reader.next()
            if kind == P_DATA_TF:
                for pdv in pdvs(body):
                    self._take(pdv)
            elif kind == RELEASE_RQ:
                self.line.send(RELEASE_RP_PDU)
                return
            elif kind == ABORT:
                return
            else:
                raise BrokenError("a PDU that is not expected")

    def _take(self, pdv: Pdv) -> None:
        """Take one fragment; commands and data sets come one after the other."""
        if pdv.context_id not in self._contexts or pdv.command != (self._request is None):
            raise BrokenError("a fragment that is not expected")
        if pdv.command:
            self._command += pdv.fragment
            if len(self._command) > _LONGEST_COMMAND:
                raise BrokenError("a command set is too long")
            if pdv.last:
                self._requested(pdv.context_id)
            return
        if self._arrival is not None:
            self._arrival.write(pdv.fragment)
        if pdv.last:
            self._answer(pdv.context_id)

    def _requested(self, context_id: int) -> None:
        command, self._command = bytes(self._command), bytearray()
        request = self._request = Request.parse(command)
        if request.field == C_STORE_RQ and request.has_data_set:
            syntax = self._contexts[context_id]
            self._arrival = self._storage.begin(request, syntax, self._calling)
        elif request.field == C_CANCEL_RQ:
            self._request = None
        elif not request.has_data_set:
            self._answer(context_id)

    def _answer(self, context_id: int) -> None:
        request, self._request = self._request, None
        assert request is not None  # noqa: S101  `_take` and `_requested` have seen it
        answer = Answer() if request.field == C_ECHO_RQ else Answer(UNRECOGNIZED_OPERATION)
        if self._arrival is not None:
            arrival, self._arrival = self._arrival, None
            try:
                answer = self._storage.end(arrival)
            finally:
                arrival.close()
        self.line.send(command_pdu(context_id, request.response(answer)))

    def hang_up(self) -> None:
        """Let the peer close the connection, so that it has read what was said last."""
        with contextlib.suppress(OSError):
            self.connection.settimeout(_HANGING_UP)
            while self.connection.recv(1 << 16):
                pass
