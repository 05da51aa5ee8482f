"""Find instances on a PACS by the rows of a file for XNAT's DQR bulk import."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Struct

from dicomferry import (
    Component,
    Context,
    FerryError,
    Finding,
    Location,
    ProblemsError,
    Refused,
    Source,
    Table,
    TableRow,
    hookimpl,
)
from dicomferry.dimse import Peer
from dicomferry.options import ServerName
from dicomferry_plugins._dqr_csv import DqrRow, DqrTable, read_dqr_csv
from dicomferry_plugins._pacs import (
    EXPECT,
    Asking,
    SeriesChoice,
    findings,
    unexpected,
)
from dicomferry_plugins._retrieve.query import IncompleteAnswerError, TooManyAnswersError
from dicomferry_plugins._retrieve.search import FoundStudy, find_contents, find_studies
from dicomferry_plugins._retrieve.server import PacsServer

if TYPE_CHECKING:
    import click

_UNTRUSTED = (IncompleteAnswerError, TooManyAnswersError)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A CSV in the format of XNAT's DQR plug-in: each row asks for studies and relabels them.

    Where the plug-in passes over a mistake, the file is refused with every mistake in it named.
    """

    file: Annotated[str, msgspec.Meta(description="the CSV", min_length=1)]
    pacs: Annotated[ServerName, msgspec.Meta(description="a `pacs` of the recipe's servers")]
    expect: Annotated[
        str,
        msgspec.Meta(
            description="`exactly-one`, `at-most N` or `any`: how many studies a row may find;"
            " left out, one where the row relabels and any where it does not",
            pattern=EXPECT + "|^$",
        ),
    ] = ""
    encoding: Annotated[
        str, msgspec.Meta(description="how the text is encoded; left out, it is found out")
    ] = ""
    series: Annotated[SeriesChoice, msgspec.Meta(description="which series are carried")] = (
        SeriesChoice()
    )
    most_studies: Annotated[
        int, msgspec.Meta(description="more answers to a row are taken for a mistake", ge=1)
    ] = 1000


class CsvDqr(Struct, frozen=True):
    """Asks one PACS for the rows of one file, one row after another."""

    options: Options
    path: Path
    peer: Peer

    def table(self) -> Table:
        """Return the file's rows as they stand in it."""
        read = self._read()
        rows = (
            TableRow(row.number, row.line, tuple(row.cells.get(h, "") for h in read.headers))
            for row in read.rows
        )
        return Table(read.headers, tuple(rows))

    def discover(self) -> Iterator[Finding]:
        """Yield the instances, and the rows that may not be carried out.

        Raises `ProblemsError` for a file that is not sound, before the PACS is asked anything,
        and `FerryError` when the PACS cannot be asked.
        """
        read = self._read()
        if read.errors:
            raise ProblemsError(read.errors)
        with Asking(self.peer) as asking:
            found = {row.number: self._studies(asking, row) for row in read.rows}
            disputed = _disputed(read.rows, found)
            taken: set[str] = set()
            for row in read.rows:
                studies = found[row.number]
                if isinstance(studies, Refused):
                    yield studies
                elif row.number in disputed:
                    yield self._refused(row, "disputed-study", disputed[row.number])
                else:
                    fresh = [study for study in studies if study.uid not in taken]
                    taken |= {study.uid for study in fresh}
                    yield from self._instances(asking, row, fresh)

    def _read(self) -> DqrTable:
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise FerryError(
                f"{self.path}: the CSV cannot be read: {error.strerror}",
                hint="a relative path starts at the recipe's folder",
            ) from None
        return read_dqr_csv(data, self.path.name, self.options.encoding)

    def _studies(self, asking: Asking, row: DqrRow) -> list[FoundStudy] | Refused:
        most = self.options.most_studies
        try:
            studies = asking.ask(lambda query: find_studies(query, row.query, most))
        except _UNTRUSTED as error:
            return self._refused(row, "untrusted-answer", error.message)
        expect = self.options.expect or ("exactly-one" if row.relabel else "any")
        fault = unexpected(expect, studies)
        return self._refused(row, "unexpected-studies", fault) if fault else studies

    def _instances(
        self, asking: Asking, row: DqrRow, studies: list[FoundStudy]
    ) -> Iterator[Finding]:
        whole = []
        keeps = self.options.series.keeps
        for study in studies:
            try:
                whole.append(asking.ask(lambda query, s=study: find_contents(query, s, keeps)))  # type: ignore[misc]
            except _UNTRUSTED as error:
                yield self._refused(row, "untrusted-answer", error.message)
                return
        for study in whole:
            yield from findings(
                self.options.pacs, study, relabel=row.relabel, row=row.cells, table_row=row.number
            )

    def _refused(self, row: DqrRow, code: str, reason: str) -> Refused:
        location = Location(str(self.path), f"row {row.number} (line {row.line})")
        return Refused(location, code, reason, row.number)


def _disputed(
    rows: tuple[DqrRow, ...], found: Mapping[int, list[FoundStudy] | Refused]
) -> dict[int, str]:
    """Return the rows that would give one study different labels, and why."""
    claims: dict[str, list[DqrRow]] = {}
    for row in rows:
        studies = found[row.number]
        if not isinstance(studies, Refused):
            for study in studies:
                claims.setdefault(study.uid, []).append(row)
    disputed: dict[int, str] = {}
    for uid, claimants in claims.items():
        if len({tuple(sorted(row.relabel.items())) for row in claimants}) > 1:
            numbers = ", ".join(str(row.number) for row in claimants)
            for row in claimants:
                disputed[row.number] = f"rows {numbers} relabel study {uid} differently"
    return disputed


def _build(options: Options, context: Context) -> CsvDqr:
    server = context.server(options.pacs, PacsServer)
    return CsvDqr(options, context.path(options.file), context.peer(server))


_EXAMPLE = """\
sources:
  - csv-dqr: {file: wanted.csv, pacs: pacs}     # a CSV as XNAT's DQR takes it
"""


@hookimpl
def dicomferry_sources() -> Iterable[Component[Options, Source]]:
    """Offer the DQR source."""
    yield Component("csv-dqr", "studies of a PACS, by XNAT's DQR CSV", Options, _build, _EXAMPLE)


@hookimpl
def dicomferry_verbs() -> Iterable[click.Command]:
    """Offer `csv explain`."""
    from dicomferry_plugins._dqr_csv.verb import command  # most who load plug-ins call another verb

    yield command
