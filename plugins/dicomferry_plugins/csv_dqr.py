"""Find instances on a PACS by the rows of a file for XNAT's DQR bulk import."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import msgspec

from dicomferry import Component, Context, Problem, Severity, Source, hookimpl
from dicomferry.options import ServerName
from dicomferry_plugins._pacs.choice import EXPECT, SeriesChoice
from dicomferry_plugins._pacs.server import PacsServer, peer_of

if TYPE_CHECKING:
    import click

    from dicomferry_plugins._dqr_csv.by_rows import CsvDqr


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A CSV in the format of XNAT's DQR plug-in: each row asks for studies and relabels them.

    Where the plug-in passes over a mistake, the file is refused with every mistake in it named.
    """

    file: Annotated[
        str,
        msgspec.Meta(
            description="the CSV, or a pattern for several, as `lists/*.csv`", min_length=1
        ),
    ]
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


def _build(options: Options, context: Context) -> CsvDqr:
    # Only a recipe with such a file needs what reads it, and the queries.
    from dicomferry_plugins._dqr_csv.by_rows import CsvDqr

    server = context.server(options.pacs, PacsServer)
    return CsvDqr(
        context.path(options.file),
        options.encoding,
        peer_of(server, context),
        context.answers(options.pacs, server.manners, server.answers_valid),
        options.pacs,
        options.series,
        options.expect,
        options.most_studies,
    )


_NOTES = ("lock-file", "repeated-row")
"""What a list has in it and is not asked for."""


def _remarks(options: Options, context: Context) -> Iterable[Problem]:
    from dicomferry_plugins._dqr_csv.reading import read_dqr_files

    found = read_dqr_files(context.path(options.file), options.encoding).problems
    # `csv explain` tells the others: how cells were read, and what the DQR plug-in would do.
    return [one for one in found if one.severity is not Severity.NOTE or one.code in _NOTES]


_EXAMPLE = """\
sources:
  - csv-dqr: {file: wanted.csv, pacs: pacs}     # a CSV as XNAT's DQR takes it
"""


_LABELS = {
    "subject": "{{ PatientID }}",  # the row's Subject is written into it
    "session": "{{ row.Session | default(PatientID ~ '_' ~ Modality ~ '_' ~ StudyDate, true) }}",
}


@hookimpl
def dicomferry_sources() -> Iterable[Component[Options, Source]]:
    """Offer the DQR source."""
    summary = "studies of a PACS, by XNAT's DQR CSV"
    yield Component("csv-dqr", summary, Options, _build, _EXAMPLE, _remarks, _LABELS)


@hookimpl
def dicomferry_verbs() -> Iterable[click.Command]:
    """Offer `csv explain`."""
    from dicomferry_plugins._dqr_csv.verb import command  # most who load plug-ins call another verb

    yield command
