"""The items of one scan, those that are alike in all that is asked of a plan counted together."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, Self

from msgspec import Struct

from dicomferry.dicom.patient import Patient
from dicomferry.ledger.items import destination_of, folder_of, location_of, member_bytes
from dicomferry.ledger.planning.grouping import group_items
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination, Location


class HeldReason(Struct, frozen=True):
    """Why a rule holds instances back, and how many."""

    code: str
    reason: str
    instances: int


class NotedFile(Struct, frozen=True):
    """A file, and what the plan says of it."""

    location: Location
    reason: str


class Mended(Struct, frozen=True):
    """The instances that are not sent as the file has them; `first` are some of them."""

    instances: int
    first: tuple[NotedFile, ...]


class SourceCount(Struct, frozen=True):
    """How many items of one source have a verdict for one reason code."""

    source: str
    verdict: str
    code: str
    items: int


class DestinationCount(Struct, frozen=True):
    """What goes to one destination; `largest` is the size of its largest instance in bytes."""

    destination: Destination
    instances: int
    largest: int


class DestinationStudy(Struct, frozen=True):
    """A study of which something goes to a destination; its UID is the one that is sent."""

    destination: Destination
    study_instance_uid: str


_SINGLE_VALUED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "PatientID": "patient_id", "PatientName": "patient.name",
        "PatientBirthDate": "birth_date", "PatientSex": "sex",
        "StudyDate": "ready.study_date", "Modality": "ready.modality",
    }
)  # fmt: skip
"""Attributes of one value that name, date or file what is sent (PS3.6), and their columns."""


class SourceSeries(Struct, frozen=True):
    """What of one series of the source goes to one destination; UIDs are those of the source.

    `first` is the location of the first of its instances.
    `study_date` and `acquired` are texts as `Facts` has them, and may be empty. `run` is the start
    of the run that stored it before the plan, which does not bring it; empty for what it has.
    """

    destination: Destination
    study_instance_uid: str
    series_instance_uid: str
    patient: Patient
    study_date: str
    acquired: str
    first: Location
    instances: int
    run: str = ""

    @property
    def folder(self) -> str:
        """Return where the first instance was found: a folder, an archive or a server."""
        return folder_of(self.first)


class SharedLabel(Struct, frozen=True):
    """A label of a project that was made of `originals` different texts."""

    project: str
    label: str
    originals: int
    instances: int


class SharedNumber(Struct, frozen=True):
    """A SeriesNumber of several series of a study in a session.

    `series` has the modalities of each by its SeriesInstanceUID.
    """

    session: str
    series_number: str
    series: Mapping[str, tuple[str, ...]]


class SopClassCount(Struct, frozen=True):
    """How many instances have a SOP class and a transfer syntax.

    The transfer syntax is empty for what a PACS has only described so far.
    """

    sop_class_uid: str
    transfer_syntax_uid: str
    instances: int


class SeveralValues(Struct, frozen=True):
    """How many instances have several values of an attribute; `folder` has the first of them."""

    keyword: str
    instances: int
    folder: str


class Dicomdir(Struct, frozen=True):
    """A DICOMDIR (PS3.10 8.6) that a source found, and the number of its item."""

    item: int
    location: Location


class ItemGroups(Struct, frozen=True):
    """The items of one scan as they are now, in about as many groups as there are series.

    A million rows are read once for all that is asked of them. "Instances" are those that are to
    be sent, unless a method says otherwise; projects and subjects that are not known are None in
    a `Destination` and empty elsewhere.
    """

    ledger: Ledger
    scan: int

    @classmethod
    def of(cls, ledger: Ledger, scan: int) -> Self:
        """Return the groups, made anew if anything has changed since they last were."""
        group_items(ledger, scan)
        return cls(ledger, scan)

    def held_back_by_reason(self) -> Iterator[HeldReason]:
        """Yield why instances are rejected, the most frequent reason first."""
        for code, reason, count in self.counted("code, reason", "verdict = 'rejected'"):
            yield HeldReason(code, reason, count)

    def held_back_by_code(self) -> dict[str, int]:
        """Return how many items have each code, of those that are not to be sent."""
        return dict(self.counted("code", "verdict <> 'ready'"))

    def mended(self, most: int) -> Mended:
        """Return how many instances are not sent as the file has them, and the first of them."""
        where = "FROM item WHERE scan = ? AND verdict = 'ready' AND code = 'mended'"
        execute = self.ledger.connection.execute
        (count,) = execute(f"SELECT count(*) {where}", (self.scan,)).fetchone()
        rows = execute(
            f"SELECT path, member, reason {where} ORDER BY id LIMIT ?",
            (self.scan, most),
        )
        first = tuple(NotedFile(location_of(*place), reason) for *place, reason in rows)
        return Mended(count, first)

    def by_source(self) -> Iterator[SourceCount]:
        """Yield how many items of each source have each verdict and code."""
        for row in self.counted("source, verdict, code"):
            yield SourceCount(*row)

    def destinations(self) -> Iterator[DestinationCount]:
        """Yield what goes to each destination, in the order in which the ledger met them."""
        rows = self.ready(
            "project, subject, session, sum(instances), max(largest)",
            "GROUP BY destination.id ORDER BY destination.id",
        )
        for project, subject, session, instances, largest in rows:
            yield DestinationCount(destination_of(project, subject, session), instances, largest)

    def studies_of_destinations(self) -> Iterator[DestinationStudy]:
        """Yield every pair of destination and study."""
        for *place, study in self.ready("DISTINCT project, subject, session, study"):
            yield DestinationStudy(destination_of(*place), study)

    def source_series(self) -> Iterator[SourceSeries]:
        """Yield every pair of destination and series of the source, in the order found.

        A series whose instances differ in patient or date comes more than once.
        """
        rows = self.ready(
            "project, subject, session, found_study, found_series,"
            " patient_id, issuer, patient.name, birth_date, sex,"
            " coalesce(ready.study_date, ''), coalesce(ready.acquired, ''), item.path, item.member,"
            " instances",
            "ORDER BY first",
            join=" LEFT JOIN patient ON patient.id = ready.patient JOIN item ON item.id = first",
        )
        for row in rows:
            place, uids, who = destination_of(*row[:3]), row[3:5], row[5:10]
            patient = Patient(*who) if who[0] is not None else Patient()
            study_date, acquired, path, member, instances = row[10:]
            first = location_of(path, member)
            yield SourceSeries(
                place, uids[0], uids[1], patient, study_date, acquired, first, instances
            )

    def dicomdirs(self) -> list[Dicomdir]:
        """Return the DICOMDIRs, in the order found."""
        rows = self.ledger.connection.execute(
            "SELECT id, path, member FROM item WHERE scan = ? AND code = 'dicomdir' ORDER BY id",
            (self.scan,),
        )
        return [Dicomdir(number, location_of(*place)) for number, *place in rows]

    def of_code(self, code: str, most: int) -> list[NotedFile]:
        """Return the first items that are held back for a reason, in the order found."""
        rows = self.ledger.connection.execute(
            "SELECT path, member, reason FROM item WHERE scan = ? AND code = ? ORDER BY id LIMIT ?",
            (self.scan, code, most),
        )
        return [NotedFile(location_of(path, member), reason) for path, member, reason in rows]

    def is_other(self, directory: Dicomdir, place: Location, sop_instance_uid: str) -> bool:
        """Tell whether what the DICOMDIR's source found there is no instance, or another one."""
        row = self.ledger.connection.execute(
            "SELECT verdict = 'passed' OR sop <> ? FROM item"
            " WHERE source = (SELECT source FROM item WHERE id = ?) AND path = ? AND member = ?"
            " AND scan = ?",
            (
                sop_instance_uid, directory.item, os.fsencode(place.path),
                member_bytes(place.member), self.scan,
            ),
        ).fetchone()  # fmt: skip
        return bool(row and row[0])

    def beside(self, directory: Dicomdir) -> list[str]:
        """Return the names of what the source found in the archive of a DICOMDIR."""
        of_it = "(SELECT {} FROM item WHERE id = :item)"
        rows = self.ledger.connection.execute(
            "SELECT path, member FROM item WHERE scan = :scan"  # noqa: S608  fixed texts
            f" AND source = {of_it.format('source')} AND path = {of_it.format('path')}",
            {"item": directory.item, "scan": self.scan},
        )
        return [location_of(*place).member for place in rows]

    def sop_instance_uids(self) -> frozenset[str]:
        """Return the SOP Instance UIDs of all items of the scan, as their files have them."""
        rows = self.ledger.connection.execute(
            "SELECT sop FROM item WHERE scan = ? AND sop IS NOT NULL", (self.scan,)
        )
        return frozenset(sop for (sop,) in rows)

    def of_several_values(self) -> Iterator[SeveralValues]:
        """Yield attributes of one value (PS3.6) of which instances have several."""
        join = " LEFT JOIN patient ON patient.id = ready.patient"
        for keyword, column in _SINGLE_VALUED.items():
            condition = rf"AND instr({column}, '\') HAVING count(*)"
            for count, first in list(
                self.ready("sum(instances), min(first)", condition, join=join)
            ):
                (place,) = self.ledger.connection.execute(
                    "SELECT path, member FROM item WHERE id = ?", (first,)
                )
                yield SeveralValues(keyword, count, folder_of(location_of(*place)))

    def renamed(self, note: str) -> int:
        """Return how many instances get another series or SOP Instance UID, or have a note."""
        rows = self.ready("why.notes, renamed, sum(instances)", "GROUP BY 1, 2", why=True)
        return sum(count for notes, renamed, count in rows if renamed or note in notes.split())

    def naming(self, note: str, prefix: str) -> int:
        """Return how many instances have a note, or one of `prefix` and a study that is renamed."""
        rows = [
            (set(notes.split()), count)
            for notes, count in self.ready("why.notes, sum(instances)", "GROUP BY 1", why=True)
        ]
        wanted = {note}
        if any(one.startswith(prefix) for notes, _ in rows for one in notes):
            renamed = "SELECT DISTINCT study FROM item WHERE sent_study IS NOT NULL"
            studies = self.ledger.connection.execute(renamed)  # of earlier plans, too
            wanted.update(f"{prefix}{study}" for (study,) in studies)
        return sum(count for notes, count in rows if wanted & notes)

    def labels_of_several_originals(
        self, level: Literal["subject", "session"]
    ) -> Iterator[SharedLabel]:
        """Yield the labels of a level that cleaning has made of different texts."""
        original = f"{level}_original"
        rows = self.ready(
            f"project, destination.{level}, count(DISTINCT {original}), sum(instances)",
            f"AND {original} IS NOT NULL GROUP BY 1, 2 HAVING count(DISTINCT {original}) > 1",
        )
        for row in rows:
            yield SharedLabel(*row)

    def series_sharing_a_number(self) -> Iterator[SharedNumber]:
        """Yield the SeriesNumbers of several series, sorted by project, session and number."""
        rows = self.ready(
            "session, series_number,"
            " group_concat(DISTINCT series || ' ' || coalesce(modality, ''))",
            "AND series_number <> '' GROUP BY project, session, study, series_number"
            " HAVING count(DISTINCT series) > 1 ORDER BY project, session, series_number",
        )
        for session, number, pairs in rows:
            series: dict[str, tuple[str, ...]] = {}
            for pair in pairs.split(","):
                uid, _, modality = pair.partition(" ")
                series[uid] = (*series.get(uid, ()), modality)
            yield SharedNumber(session, number, series)

    def without_series_number(self) -> int:
        """Return how many instances have no SeriesNumber; those still on a PACS do not count."""
        return self.count_ready("series_number = '' AND NOT remote")

    def sop_classes_and_syntaxes(self) -> Iterator[SopClassCount]:
        """Yield every pair of SOP class and transfer syntax, sorted."""
        rows = self.ready("sop_class, transfer_syntax, sum(instances)", "GROUP BY 1, 2")
        for sop_class, syntax, count in rows:
            yield SopClassCount(sop_class or "", syntax or "", count)

    def folders_noted(self, prefix: str) -> dict[str, str]:
        """Return the first folder in which each note that begins so was made of an instance."""
        rows = self.ready(
            "why.notes, item.path, item.member",
            "AND instr(why.notes, ?) ORDER BY first",
            why=True,
            join=" JOIN item ON item.id = first",
            values=(prefix,),
        )
        found: dict[str, str] = {}
        for notes, *place in rows:
            for note in notes.split():
                if note.startswith(prefix):
                    found.setdefault(note, folder_of(location_of(*place)))
        return found

    def notes(self) -> Counter[str]:
        """Return how many instances have each of the notes that forecasts carry."""
        found: Counter[str] = Counter()
        for notes, count in self.ready("why.notes, sum(instances)", "GROUP BY 1", why=True):
            found.update(dict.fromkeys(notes.split(), count))
        return found

    def ready(
        self,
        columns: str,
        behind: str = "",
        *,
        why: bool = False,
        join: str = "",
        values: tuple[str, ...] = (),
    ) -> Iterator[Any]:
        """Yield rows of `columns` over groups of what is to be sent, joined with the destination.

        `behind` is what follows the WHERE clause, conditions with AND first; it takes `values`. A
        group may occur more than once: its `instances` and `bytes` are to be summed up, of its
        `largest` the maximum counts. For the ledger's own modules: nobody else writes SQL.
        """
        join += " JOIN why ON why.id = ready.why" if why else ""
        yield from self.ledger.connection.execute(
            f"SELECT {columns} FROM temp.alike AS ready"  # noqa: S608  fixed texts of the ledger
            f" JOIN destination ON destination.id = ready.destination{join}"
            f" WHERE ready.verdict = 'ready' {behind}",
            values,
        )

    def count_ready(self, condition: str = "true") -> int:
        """Return how many instances there are; only the ledger's own modules give a `condition`."""
        (row,) = self.ready("coalesce(sum(instances), 0)", f"AND {condition}")
        return int(row[0])

    def counted(self, columns: str, condition: str = "true") -> Iterator[Any]:
        """Yield `columns` of all items that meet a condition and how many they are, most first.

        For the ledger's own modules.
        """
        yield from self.ledger.connection.execute(
            f"SELECT {columns}, sum(instances) AS items FROM temp.alike WHERE {condition}"  # noqa: S608
            f" GROUP BY {columns} ORDER BY items DESC, {columns}"
        )
