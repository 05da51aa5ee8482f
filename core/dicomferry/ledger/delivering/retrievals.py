"""What is still to come from servers, and what lies in the spool."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.dicom.patient import Patient, same_person
from dicomferry.ledger.delivering.arrival import Arrival
from dicomferry.ledger.delivering.subjects import DIVIDED, MERGED, Subjects
from dicomferry.ledger.delivering.unlisted import Unlisted, note_series, note_unlisted
from dicomferry.ledger.items import ITEM_COLUMNS, destination_of, item_of
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.planning.short_lists import settle_lists
from dicomferry.ledger.rows import STAMP, Due, Examined, Item, Verdict, stamp_of
from dicomferry.ledger.store import Ledger
from dicomferry.model import LEVELS, Destination, InstanceRef

_HAD = f"delivery.stamp = {STAMP} AND delivery.state IN ('stored', 'excluded')"

_HERE = (
    "FROM spooled JOIN item ON item.id = spooled.item"
    " WHERE item.scan = :scan AND item.verdict = 'ready'"
)


class WantedStudy(Struct, frozen=True):
    """Instances of one study that some sink still needs; `whole_series` are wanted in full."""

    fetcher: str
    server: str
    uid: str
    items: tuple[Item, ...]
    whole_series: frozenset[str]

    @property
    def size(self) -> int:
        """How many bytes it has; 0 where the server did not tell."""
        sizes = [item.size for item in self.items]
        return sum(sizes) if all(sizes) else 0


class Filing(Struct, frozen=True):
    """How receivers file: whether an XNAT is one, and a study stays in its first session.

    `by_labels` where labels matter although no transform asks for them; `allowed` are the codes of
    problems that the recipe allows.
    """

    has_xnat: bool = False
    first_session_wins: bool = False
    by_labels: bool = False
    allowed: frozenset[str] = frozenset()


class Retrievals:
    """Reads what is wanted and writes what arrived. Used by the one writing process."""

    def __init__(
        self,
        ledger: Ledger,
        scan: int,
        run: int,
        sinks: Sequence[str],
        filing: Filing | None = None,
    ) -> None:
        self._ledger = ledger
        self._run = run
        self._catalog = PlanWriter(ledger)
        self._sinks = {f"sink{number}": key for number, key in enumerate(sinks)}
        self._scan = scan
        self._filing = filing or Filing()
        self._subjects = Subjects(ledger, scan, tuple(sinks))

    def wanted(self, sessions: int | None) -> list[WantedStudy]:
        """Return what some sink needs and is not here, by study, in the order it was found.

        `sessions` takes the first so many destinations alone.
        """
        rows = self._ledger.connection.execute(
            f"SELECT destination, {ITEM_COLUMNS}"  # noqa: S608
            " FROM item WHERE scan = :scan AND verdict = 'ready' AND remote <> ''"
            " AND id NOT IN (SELECT item FROM spooled WHERE edits <> '')"
            f" AND ({self._needed()}) ORDER BY id",
            {"scan": self._scan, **self._sinks},
        ).fetchall()
        places = set(islice(dict.fromkeys(destination for destination, *_ in rows), sessions))
        studies: dict[tuple[str, str, str], list[Item]] = {}
        for destination, *columns in rows:
            item = item_of(columns)
            if destination in places and item.remote:
                remote = item.remote
                key = (remote.fetcher, remote.server, remote.ref.study_instance_uid)
                studies.setdefault(key, []).append(item)
        return [self._study(*key, items) for key, items in studies.items()]

    def spooled_bytes(self) -> int:
        """Return the size of what lies in the spool."""
        (size,) = self._ledger.connection.execute(
            "SELECT coalesce(sum(size), 0) FROM spooled"
        ).fetchone()
        return int(size)

    def ready(self, sink: str, *, whole: bool) -> list[int]:
        """Return the destinations with something spooled that this run has not tried to bring.

        `whole` leaves out those of which more is to come.
        """
        names = {"scan": self._scan, "sink": sink, "run": self._run}
        rows = self._ledger.connection.execute(
            f"SELECT DISTINCT item.destination {_HERE} AND {_untried()} ORDER BY item.destination",
            names,
        ).fetchall()
        return [place for (place,) in rows if not (whole and self._awaited(place, names))]

    def _awaited(self, destination: int, names: Mapping[str, object]) -> bool:
        (awaited,) = self._ledger.connection.execute(
            "SELECT EXISTS (SELECT 1 FROM item WHERE destination = :destination"  # noqa: S608
            " AND scan = :scan AND verdict = 'ready' AND remote <> ''"
            f" AND id NOT IN (SELECT item FROM spooled) AND {_untried()})",
            {"destination": destination, **names},
        ).fetchone()
        return bool(awaited)

    def outstanding(self) -> int:
        """Return how many studies have something spooled that this run has yet to bring."""
        untried = " OR ".join(_untried(name) for name in self._sinks) or "0"
        (studies,) = self._ledger.connection.execute(
            f"SELECT count(DISTINCT item.study) {_HERE} AND ({untried})",
            {"scan": self._scan, "run": self._run, **self._sinks},
        ).fetchone()
        return int(studies)

    def spooled(self) -> list[tuple[int, bytes]]:
        """Return the items that lie in the spool, and their files."""
        return self._ledger.connection.execute("SELECT item, path FROM spooled").fetchall()

    def arrived(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Note what instances are by their own headers; return those that may not go on.

        An item keeps the digest of its planned edits, so that a later plan finds the instance
        unchanged. One that may not go on keeps its planned destination: `verify` misses it there.
        """
        held: list[Arrival] = []
        kept: list[Arrival] = []
        for arrival in arrivals:
            edits, digest, moved, *labels_and_patient = self._ledger.connection.execute(
                "SELECT edits, examined, session_original IS NULL, project, subject, session,"
                " patient_id, issuer, name, birth_date, sex"
                " FROM item JOIN destination ON destination.id = item.destination"
                " LEFT JOIN patient ON patient.id = item.patient WHERE item.id = ?",
                (arrival.item,),
            ).fetchone()
            planned = destination_of(*labels_and_patient[:3])
            told = Patient(*(text or "" for text in labels_and_patient[3:]))
            result = arrival.examined
            if moved and self._filing.first_session_wins:
                result = _in_session(result, planned.session)
            result = _consistent(result, planned, self._filing)
            result = self._of_one_patient(result, planned, told)
            self._catalog.examined(digest, [replace(result, edits=edits)])
            if result.verdict is Verdict.READY:
                kept.append(arrival)
            else:
                held.append(arrival)
                # It is missing from the session that somebody was shown.
                self._catalog.move([(arrival.item, planned)])
        with self._ledger.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO spooled"
                " (item, path, size, modified_ns, edits, transfer_syntax)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                map(_spooled, kept),
            )
        return held

    def _of_one_patient(self, result: Examined, planned: Destination, told: Patient) -> Examined:
        """Hold back whose patient was not told in full, where subjects and patients are mixed up.

        What was told in full the plan has compared.
        """
        facts, filing = result.facts, self._filing
        by_labels = filing.by_labels or (result.wanted is not None and result.wanted.subject)
        if result.verdict is not Verdict.READY or facts is None or not by_labels:
            return result
        # A header of somebody else than was told comes here where the recipe accepts it.
        if facts.patient == told or not same_person(told, facts.patient):
            return result
        found = self._subjects.confusion(planned, facts.patient, filing.allowed)
        if found is None:
            return result
        known = "not all" if told else "nothing"
        where = f"the subject {found.subject} in {planned.project or 'Unassigned'}"
        merged = found.code == MERGED
        reason = f"by its own header, of which the PACS had told {known}, " + (
            f"it is of another patient than {where} has"
            if merged
            else f"its patient is under {where} already"
        )
        code = MERGED if merged else DIVIDED
        return replace(result, verdict=Verdict.REJECTED, code=code, reason=reason)

    def unlisted(self, found: Unlisted) -> Arrival | None:
        """Note an instance that nobody had listed; return its arrival where it may go on."""
        number = note_unlisted(
            self._catalog, found, in_first_session=self._filing.first_session_wins
        )
        if number is None or found.arrival is None:
            return None
        examined = replace(found.arrival.examined, item=number)
        return replace(found.arrival, item=number, examined=examined)

    def series_came(self, items: Iterable[int], found: Sequence[Unlisted]) -> None:
        """Note of items that stand for a series that all of it came."""
        came = Counter(one.sibling for one in found)
        for item in items:
            note_series(self._catalog, item, came[item])

    def lists_came(self) -> None:
        """Let short lists pass of which everything came that their servers count."""
        settle_lists(self._catalog, allowed=False)

    def settled(self) -> list[tuple[int, bytes]]:
        """Return the spooled files that no sink needs any more."""
        return self._ledger.connection.execute(
            # CROSS JOIN: SQLite must read `spooled` first, the smaller table
            "SELECT spooled.item, spooled.path FROM spooled"  # noqa: S608
            " CROSS JOIN item ON item.id = spooled.item"
            f" WHERE item.scan <> :scan OR item.verdict <> 'ready' OR NOT ({self._needed()})",
            {"scan": self._scan, **self._sinks},
        ).fetchall()

    def dropped(self, items: Iterable[int]) -> None:
        """Note that the files of these items are gone."""
        with self._ledger.transaction() as connection:
            connection.executemany("DELETE FROM spooled WHERE item = ?", [(i,) for i in items])

    def dues(self, items: Sequence[Item], sink: str) -> list[Due]:
        """Return those of these items that a sink has not got, as planned."""
        found = []
        for item in items:
            row = self._ledger.connection.execute(
                "SELECT coalesce(sent_study, study), coalesce(sent_series, series),"  # noqa: S608
                " coalesce(sent_sop, item.sop), sop_class, project, subject, session, edits"
                " FROM item JOIN destination ON destination.id = item.destination"
                f" WHERE item.id = :item AND {_needs('sink')}",
                {"item": item.id, "sink": sink},
            ).fetchone()
            if row is not None:
                study, series, sop, sop_class, project, subject, session, edits = row
                ref = InstanceRef(study, series, sop, sop_class)
                place = destination_of(project, subject, session)
                stamp = stamp_of(edits, item.size, item.modified_ns)
                found.append(Due(item, ref, "", place, edits, stamp))
        return found

    def _study(self, fetcher: str, server: str, uid: str, items: list[Item]) -> WantedStudy:
        rows = self._ledger.connection.execute(
            "SELECT member FROM item WHERE scan = ? AND path = ? AND instr(member, ?) = 1",
            (self._scan, os.fsencode(items[0].location.path), f"{uid}/".encode()),
        )
        there = Counter(_series_of(os.fsdecode(member)) for (member,) in rows)
        wanted = Counter(item.remote.ref.series_instance_uid for item in items if item.remote)
        whole = frozenset(series for series in wanted if wanted[series] == there[series])
        return WantedStudy(fetcher, server, uid, tuple(items), whole)

    def _needed(self) -> str:
        return " OR ".join(map(_needs, self._sinks)) or "0"


def _series_of(member: str) -> str:
    _, series, *_ = member.split("/")
    return series


def _needs(parameter: str) -> str:
    return f"NOT EXISTS ({_delivery(parameter)} AND {_HAD})"


def _untried(parameter: str = "sink") -> str:
    return f"NOT EXISTS ({_delivery(parameter)} AND ({_HAD} OR delivery.run = :run))"


def _delivery(parameter: str) -> str:
    return (
        "SELECT 1 FROM delivery WHERE delivery.item = item.id"  # noqa: S608
        f" AND delivery.sink = :{parameter}"
    )


def _in_session(result: Examined, session: str) -> Examined:
    """Return a result in the session that the plan gave the whole study.

    A label that a user chose is written, and is compared.
    """
    forecast = result.forecast
    if forecast is None or (result.wanted and "session" in result.wanted.chosen):
        return result
    place = replace(forecast.destination, session=session)
    return replace(result, forecast=replace(forecast, destination=place))


def _consistent(result: Examined, planned: Destination, filing: Filing) -> Examined:
    """Hold back an instance whose own header leads to another place than the plan showed.

    Where no XNAT receives, the labels of subject and session name nothing, and are not compared.
    """
    if result.verdict is not Verdict.READY or result.forecast is None:
        return result
    own = result.forecast.destination
    levels = LEVELS if filing.has_xnat else LEVELS[:1] if planned.project else ()
    changed = [
        f"the {level} {getattr(own, level) or 'Unassigned'},"
        f" and the plan says {getattr(planned, level) or 'Unassigned'}"
        for level in levels
        if getattr(own, level) != getattr(planned, level)
    ]
    if not changed:
        return result
    reason = f"by what the PACS had not told, XNAT would file it under {'; '.join(changed)}"
    return replace(result, verdict=Verdict.REJECTED, code="forecast-changed", reason=reason)


def _spooled(arrival: Arrival) -> tuple[object, ...]:
    facts = arrival.examined.facts
    syntax = facts.transfer_syntax_uid if facts else ""
    path = os.fsencode(arrival.path)
    edits = arrival.examined.edits
    return (arrival.item, path, arrival.size, arrival.modified_ns, edits, syntax)
