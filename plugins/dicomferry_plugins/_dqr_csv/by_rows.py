"""The source that asks a PACS for the rows of a DQR file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from dicomferry import (
    Finding,
    Location,
    ProblemsError,
    Refused,
    Table,
    TableRow,
    Unusable,
)
from dicomferry.contract import Answers
from dicomferry.dimse import Peer
from dicomferry_plugins._dqr_csv.reading import read_dqr_files
from dicomferry_plugins._dqr_csv.table import DqrRow, DqrTable
from dicomferry_plugins._pacs.choice import SeriesChoice
from dicomferry_plugins._pacs.findings import (
    MOST_CANDIDATES,
    findings,
    not_used,
    unexpected,
)
from dicomferry_plugins._pacs.questioner import Questioner, QuestionError
from dicomferry_plugins._pacs.search import FoundStudies, FoundStudy, find_contents, find_studies
from dicomferry_plugins._pacs.standing import StandingQuery

_Rule = Literal["disputed-study", "unanswered", "unexpected-studies", "untrusted-answer"]
"""The codes of the rules that keep a row from being carried out."""


_LOOK: Final = "see how the PACS writes these values, and whether it has the study"
_CHOOSE: Final = "make the row more precise, or choose in a saved plan (`plan -o plan.csv`)"


class Ambiguous(Struct, frozen=True):
    """A row that finds more studies than it may: its refusal, and the studies."""

    refused: Refused
    studies: list[FoundStudy]


class CsvDqr(Struct, frozen=True):
    """Asks one PACS, `server` of the recipe, for the rows of one file, one after another."""

    path: Path
    encoding: str
    peer: Peer
    answers: Answers
    server: str
    series: SeriesChoice
    expect: str
    most_studies: int

    def table(self) -> Table:
        """Return the file's rows as they stand in it."""
        read = self._read()
        rows = (
            TableRow(
                row.number,
                row.line,
                tuple(row.cells.get(h, "") for h in read.headers),
                row.file,
            )
            for row in read.rows
        )
        return Table(read.headers, tuple(rows))

    def discover(self) -> Iterator[Finding]:
        """Yield the instances, and the rows that may not be carried out.

        Raises `ProblemsError` for a file that is not sound, before the PACS is asked anything,
        and `FerryError` when the PACS cannot be asked at all.
        """
        read = self._read()
        if read.errors:
            raise ProblemsError(read.errors)
        with StandingQuery(self.peer, self.answers) as standing:
            asking = Questioner(standing)
            found = {row.number: self._studies(asking, row) for row in read.rows}
            disputed = _disputed(read.rows, found)
            taken: dict[str, int] = {}
            for row in read.rows:
                answer = found[row.number]
                if isinstance(answer, Refused):
                    yield answer
                elif row.number in disputed:
                    yield self._refused(row, "disputed-study", disputed[row.number])
                elif isinstance(answer, FoundStudies):
                    yield from self._carried(asking, row, answer, taken)
            for row in read.rows:
                answer = found[row.number]
                if isinstance(answer, Ambiguous):
                    yield from self._candidates(asking, row, answer, taken)

    def _carried(
        self, asking: Questioner, row: DqrRow, answer: FoundStudies, taken: dict[str, int]
    ) -> Iterator[Finding]:
        if not answer.studies and not self.expect:
            yield Unusable(self._place(row), "nothing-found", "the PACS has no study for it")
            return
        if answer.dropped:
            place = self._place(row)
            place = Location(place.path, f"{place.member}, answers")
            yield Unusable(place, "answer-differs", not_used(answer), row.number)
        fresh = [study for study in answer.studies if study.uid not in taken]
        if earlier := {taken[study.uid] for study in answer.studies if study.uid in taken}:
            why = f"carried with row {', '.join(map(str, sorted(earlier)))}"
            yield Unusable(self._place(row), "carried-with-another-row", why, row.number)
        taken |= dict.fromkeys((study.uid for study in fresh), row.number)
        yield from self._instances(asking, row, fresh)

    def _candidates(
        self, asking: Questioner, row: DqrRow, answer: Ambiguous, taken: dict[str, int]
    ) -> Iterator[Finding]:
        """Yield the row as refused, and the studies that it finds for somebody to choose from."""
        yield answer.refused
        fresh = [study for study in answer.studies if study.uid not in taken]
        if len(fresh) <= MOST_CANDIDATES:
            taken |= dict.fromkeys((study.uid for study in fresh), row.number)
            yield from self._instances(asking, row, fresh, answer.refused.location)

    def _read(self) -> DqrTable:
        return read_dqr_files(self.path, self.encoding)

    def _studies(self, asking: Questioner, row: DqrRow) -> FoundStudies | Ambiguous | Refused:
        most = self.most_studies
        try:
            found = asking.ask(lambda query: find_studies(query, row.query, most))
        except QuestionError as error:
            return self._refused(row, error.code, error.reason)
        expect = self.expect or ("exactly-one" if row.relabel else "any")
        fault = unexpected(expect, found)
        if not fault and not found.studies and found.dropped:
            why = f"no study is as asked: {not_used(found)}"
            return self._refused(row, "untrusted-answer", why)
        if not fault:
            return found
        for study in found.studies:
            asking.asking.forget(study)
        hint = _CHOOSE if found.studies else _LOOK
        refused = self._refused(row, "unexpected-studies", f"{fault} (hint: {hint})")
        return Ambiguous(refused, found.studies) if found.studies else refused

    def _instances(
        self, asking: Questioner, row: DqrRow, studies: list[FoundStudy],
        candidate_of: Location | None = None,
    ) -> Iterator[Finding]:  # fmt: skip
        whole = []
        keeps = self.series.keeps
        for study in studies:
            try:
                whole.append(asking.ask(lambda query, s=study: find_contents(query, s, keeps)))  # type: ignore[misc]
            except QuestionError as error:
                yield self._refused(row, error.code, error.reason)
                return
        for study in whole:
            if study.gaps:
                asking.asking.forget(study)
            yield from findings(
                self.server, study, relabel=row.relabel, row=row.cells, table_row=row.number,
                labels=row.labels, candidate_of=candidate_of,
            )  # fmt: skip

    def _refused(self, row: DqrRow, code: _Rule, reason: str) -> Refused:
        return Refused(self._place(row), code, reason, row.number, {**row.query, **row.labels})

    def _place(self, row: DqrRow) -> Location:
        return Location(row.file or str(self.path), f"row {row.number} (line {row.line})")


def _disputed(
    rows: tuple[DqrRow, ...], found: Mapping[int, FoundStudies | Ambiguous | Refused]
) -> dict[int, str]:
    """Return the rows that would give one study different labels, and why."""
    claims: dict[str, list[DqrRow]] = {}
    for row in rows:
        answer = found[row.number]
        if isinstance(answer, FoundStudies):
            for study in answer.studies:
                claims.setdefault(study.uid, []).append(row)
    disputed: dict[int, str] = {}
    for uid, claimants in claims.items():
        if len({tuple(sorted(row.relabel.items())) for row in claimants}) > 1:
            numbers = ", ".join(str(row.number) for row in claimants)
            for row in claimants:
                disputed[row.number] = f"rows {numbers} relabel study {uid} differently"
    return disputed
