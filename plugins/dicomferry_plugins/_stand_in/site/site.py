"""The XNAT behind the stand-in: what comes in by DICOM and by REST is identified and kept here."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dicomferry import FerryError, Header, Location
from dicomferry.contract import Receipt
from dicomferry.dicom import Shapes, open_instance
from dicomferry.xnat import (
    ClassicIdentifier,
    DqrIdentifier,
    FirstSessions,
    Forecast,
    ForecastArrival,
    Generation,
    Identification,
    Identifier,
    reader_of,
    refused_without_uids,
)
from dicomferry_plugins._stand_in.site.anonymize import Anonymizer
from dicomferry_plugins._stand_in.site.builder import Builder
from dicomferry_plugins._stand_in.site.content import Arrival, Content, StoredContent, digest_of
from dicomferry_plugins._stand_in.site.holdings import Holdings
from dicomferry_plugins._stand_in.site.part10 import Wire, front, stored_path
from dicomferry_plugins._stand_in.site.receipts import ReceiptLog
from dicomferry_plugins._stand_in.site.sessions import Received, ReceivedSession, received, reread
from dicomferry_plugins._stand_in.site.settings import SiteSettings

_RECEIVED = Location("received")

Place = Callable[[Received], ReceivedSession]
"""Finds or opens the prearchive session of an instance, under the site's lock."""

StoredName = tuple[str | None, str, str]
"""What names a stored file: its project, the folder of its session, and its path in there."""


class Incoming(Struct, frozen=True):
    """One instance on its way in: its file, what names it, and the digest of what was sent."""

    content: Content
    header: Header
    digest: str
    size: int
    sender: str = ""
    file_name: str = ""
    """The client's own name for the file; XNAT's template where empty."""
    prevent_anonymization: bool = False


class StandInSite:
    """What an XNAT knows and does, whichever way an instance comes; used by many threads."""

    def __init__(
        self, identifier: Identifier, storage: Path | None, settings: SiteSettings
    ) -> None:
        self.identifier = identifier
        self.settings = settings
        self.storage = storage
        self.declared = Identification()
        if isinstance(settings.declared, Identification):
            self.configure(settings.declared)
        self.lock = threading.RLock()
        self.anonymizer = Anonymizer(settings.site_script, settings.project_scripts)
        self.holdings = Holdings(
            settings.prearchive_code,
            conflict_at=settings.faults.conflict_at,
            archived=self._anonymize_archived,
        )
        self.builder = Builder(self.holdings, settings.faults)
        self.shapes = Shapes()
        self.receipts = ReceiptLog(None)
        self._first_sessions = FirstSessions()
        self._writing: set[StoredName] = set()

    @property
    def generation(self) -> Generation:
        """Return the XNAT that it stands in for."""
        return self.declared.xnat or Generation.XNAT_1_10

    def open(self) -> None:
        """Make the storage folder and start the record; raises `OSError`."""
        if self.storage is not None:
            self.storage.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.receipts = ReceiptLog(self.storage / "receipts.jsonl")

    def close(self) -> None:
        """Close the record."""
        self.receipts.close()

    def build(self, idle: float = 0.0) -> None:
        """Begin to build what was quiet for `idle` seconds, and archive what is built."""
        with self.lock:
            for session in self.builder.begin(idle):
                self.forget_route(session)

    def go_on_building(self) -> bool:
        """Go on with builds that take their time; tell whether there is more to build."""
        with self.lock:
            for session in self.builder.go_on():
                self.forget_route(session)
            return self.builder.busy

    def waits_for_builds(self) -> bool:
        """Tell whether a session is being built, or will be once it is quiet."""
        with self.lock:
            return not self.builder.stuck and (self.builder.busy or bool(self.holdings.quiet()))

    def expect(self, wire: Wire) -> Arrival:
        """Return what takes the bytes of an object that comes by C-STORE."""
        return Arrival(self.storage, front(wire), wire.calling_ae_title)

    def take_arrival(self, arrival: Arrival) -> None:
        """Identify, store and record what came by C-STORE; raises what XNAT refuses it for."""
        digest = arrival.settle()
        header = header_of(arrival, self.shapes)
        incoming = Incoming(arrival, header, digest, arrival.size, arrival.sender)
        self.take(incoming, self.identifier.forecast(header))

    def take(
        self, incoming: Incoming, forecast: Forecast, place: Place | None = None
    ) -> ReceivedSession | None:
        """Keep an instance where XNAT would; None where the import filter drops it silently."""
        forecast = refused_without_uids(incoming.header) or forecast
        refusal = forecast.refused or forecast.unknown
        if refusal is not None:
            raise FerryError(refusal)
        generation = self.generation
        header, series_filter = incoming.header, self.settings.series_filter
        if series_filter is not None and not series_filter.lets_in(header, reader_of(generation)):
            return None
        if self.identifier.first_session_wins:
            forecast = self._settled(header.ref.study_instance_uid, forecast)
        instance = received(header, forecast, incoming.size, incoming.digest, generation)
        if incoming.file_name:
            instance = replace(instance, file_name=incoming.file_name)
        return self._keep(incoming, instance, place or self.holdings.place)

    def disk_full(self) -> None:
        """Fail as a full disk does."""
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def read(self, instance: Received) -> bytes | None:
        """Return the stored file; None where the stand-in keeps none."""
        if self.storage is None or not instance.file:
            return None
        return (self.storage / instance.file).read_bytes()

    def configure(self, declared: Identification) -> None:
        """Identify by other rules or routings from now on.

        A receiver is one XNAT: where none is declared, it reads as the newer one alone.
        """
        self.declared = declared
        meant = replace(declared, xnat=self.generation)
        if isinstance(self.identifier, ClassicIdentifier):
            self.identifier = ClassicIdentifier(meant)
        elif isinstance(self.identifier, DqrIdentifier):
            self.identifier = DqrIdentifier(meant)

    def forget_route(self, session: ReceivedSession) -> None:
        """Clear a study's routing, as XNAT does once it is archived or deleted."""
        if session.study_instance_uid in self.declared.routing:
            rest = {
                uid: project
                for uid, project in self.declared.routing.items()
                if uid != session.study_instance_uid
            }
            self.configure(replace(self.declared, routing=rest))

    def _settled(self, study_instance_uid: str, forecast: Forecast) -> Forecast:
        arrival = ForecastArrival(study_instance_uid, forecast, time.monotonic())
        with self.lock:
            return self._first_sessions.settle(arrival)

    def _keep(self, incoming: Incoming, instance: Received, place: Place) -> ReceivedSession:
        """Write a file into its session, and record it.

        Few steps take the lock: threads that wait for one another cost more than their work does.
        """
        with self.lock:
            session = place(instance)
            name = (session.destination.project, session.store, instance.path)
            if name in self._writing:
                # XNAT refuses the second association in the same words.
                raise FerryError("Concurrent file sends of the same data is not supported.")
            self._writing.add(name)
            session.writing += 1
        try:
            instance = self._write(incoming, instance, session)
        except BaseException:
            with self.lock:
                self._written(session, name)
                if not (session.scans or session.writing) and session in self.holdings.prearchive:
                    # XNAT drops the session when it cannot store the first object
                    self.holdings.remove(session)
            raise
        with self.lock:
            self._written(session, name)
            self.holdings.add(session, instance)
            self.receipts.append(_receipt(incoming, instance))
        return session

    def _written(self, session: ReceivedSession, name: StoredName) -> None:
        session.writing -= 1
        self._writing.remove(name)

    def _write(self, incoming: Incoming, instance: Received, session: ReceivedSession) -> Received:
        if self.storage is None:
            return instance
        relative = stored_path(session.destination.project, session.store, instance.path)
        content = incoming.content
        anonymizes = self.settings.anonymize and not incoming.prevent_anonymization
        if anonymizes:
            content = self.anonymizer.received(
                content, self.storage, instance.destination, self.generation
            )
        with closing(content):
            if anonymizes:
                instance = reread(instance, content, self.generation)
            content.keep(self.storage / relative)
        return replace(instance, file=relative)

    def _anonymize_archived(self, session: ReceivedSession) -> None:
        """Run the project's script on the files of a session that has come into the archive."""
        if self.storage is None or not self.anonymizer.has_script(session.destination):
            return
        for scan in session.scans.values():
            for path, instance in scan.files.items():
                place = self.storage / instance.file
                file = self.anonymizer.archived(
                    StoredContent(place), self.storage, session.destination, self.generation
                )
                with closing(file):
                    file.keep(place)
                scan.files[path] = replace(instance, digest=digest_of(StoredContent(place)))


def header_of(content: Content, shapes: Shapes | None = None) -> Header:
    """Return the header of an instance; raises `FerryError` for what XNAT would not parse.

    `shapes` are those of the instances before.
    """
    with open_instance(content.open(), _RECEIVED, shapes=shapes) as instance:
        header = instance.header
    if not header.ref.sop_instance_uid or not header.ref.sop_class_uid:
        raise FerryError("no SOP Class UID or SOP Instance UID")
    return header


def _receipt(incoming: Incoming, instance: Received) -> Receipt:
    return Receipt(
        instance.ref.sop_instance_uid,
        incoming.digest,
        instance.size,
        incoming.sender,
        instance.destination,
        instance.file,
    )
