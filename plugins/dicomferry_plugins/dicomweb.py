"""A DICOMweb server among the recipe's servers: studies found by QIDO-RS, retrieved by WADO-RS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import msgspec

from dicomferry import (
    Check,
    CheckState,
    Component,
    Context,
    FerryError,
    ServerKind,
    Source,
    hookimpl,
)
from dicomferry.contract import Fetcher
from dicomferry.options import ServerName
from dicomferry_plugins._dicomweb.server import DicomWebServer, site_of
from dicomferry_plugins._pacs.choice import EXPECT, SeriesChoice
from dicomferry_plugins._study_keys import Where, study_key_faults

if TYPE_CHECKING:
    from dicomferry_plugins._dicomweb.by_query import WebQuery
    from dicomferry_plugins._dicomweb.fetch import WadoFetcher

NAME = "dicomweb"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Studies by attributes, all of which must match, and the series of them that are carried.

    `*` and `?` are wildcards, `A\B` is any of several values, dates are YYYYMMDD or ranges. What
    the server answers is compared with what was asked, and its pages with one another.
    """

    server: Annotated[ServerName, msgspec.Meta(description="a `dicomweb` of the recipe's servers")]
    where: Annotated[
        Where | tuple[Where, ...],
        msgspec.Meta(description="what to ask for, by keyword; a list asks several times"),
    ]
    series: Annotated[SeriesChoice, msgspec.Meta(description="which series are carried")] = (
        SeriesChoice()
    )
    expect: Annotated[
        str,
        msgspec.Meta(
            description="`exactly-one`, `at-most N` or `any`: how many studies one `where` may"
            " find",
            pattern=EXPECT,
        ),
    ] = "any"
    most_studies: Annotated[
        int,
        msgspec.Meta(description="more answers than this are taken for a mistake", ge=1),
    ] = 1000

    @property
    def queries(self) -> tuple[Where, ...]:
        """Everything that is asked for."""
        return (self.where,) if isinstance(self.where, dict) else self.where

    def faults(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield keys that no study is found by, and questions that ask for everything."""
        yield from study_key_faults(self.where)


def _check(name: str, server: DicomWebServer, context: Context) -> Iterable[Check]:
    from dicomferry_plugins._dicomweb.qido import answers_searches

    try:
        answers_searches(site_of(server, context))
    except FerryError as error:
        yield Check(name, "QIDO-RS", CheckState.FAILED, error.message, error.hint)
    else:
        yield Check(name, "QIDO-RS", CheckState.OK, f"{server.url} answers searches")


def _source(options: Options, context: Context) -> WebQuery:
    # Only a recipe that asks a DICOMweb server needs the queries.
    from dicomferry_plugins._dicomweb.by_query import WebQuery

    server = context.server(options.server, DicomWebServer)
    return WebQuery(
        site_of(server, context),
        context.answers(options.server, server.manners, server.answers_valid),
        options.server,
        options.queries,
        options.series,
        options.expect,
        options.most_studies,
        server.paging == "whole",
    )


def _fetcher(server: DicomWebServer, context: Context) -> WadoFetcher:
    from dicomferry_plugins._dicomweb.fetch import WadoFetcher

    return WadoFetcher(site_of(server, context), server.manners)


_SERVER = """\
  dicomweb:                           # where the instances are asked for
    dicomweb: {url: "https://pacs.example.org/dicom-web", login: "${netrc:pacs.example.org}"}
"""

_EXAMPLE = """\
sources:
  - dicomweb:                         # every study that agrees with all of these
      server: dicomweb
      where: {StudyDate: 20200101-20201231, ModalitiesInStudy: MR}
"""


@hookimpl
def dicomferry_servers() -> Iterable[ServerKind[DicomWebServer]]:
    """Offer DICOMweb servers to search, retrieve from and store in."""
    summary = "A DICOMweb server to search, retrieve from and store in."
    yield ServerKind(NAME, summary, DicomWebServer, _check, _SERVER)


@hookimpl
def dicomferry_sources() -> Iterable[Component[Options, Source]]:
    """Offer the DICOMweb source."""
    yield Component(NAME, "studies of a DICOMweb server, by query", Options, _source, _EXAMPLE)


@hookimpl
def dicomferry_fetchers() -> Iterable[Component[DicomWebServer, Fetcher]]:
    """Offer retrieval from a DICOMweb server."""
    yield Component(NAME, "retrieve by WADO-RS", DicomWebServer, _fetcher)
