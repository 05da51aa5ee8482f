"""Find instances on a PACS by what it tells of its studies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import msgspec

from dicomferry import Component, Context, Source, hookimpl
from dicomferry.options import ServerName
from dicomferry_plugins._pacs.choice import EXPECT, SeriesChoice
from dicomferry_plugins._pacs.server import PacsServer, peer_of
from dicomferry_plugins._study_keys import Where, study_key_faults

if TYPE_CHECKING:
    from dicomferry_plugins._pacs.by_query import PacsQuery


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Studies by attributes, all of which must match, and the series of them that are carried.

    `*` and `?` are wildcards, `A\B` is any of several values, dates are YYYYMMDD or ranges. What
    the PACS answers is compared with what was asked: one that ignores a key brings nothing wrong.
    """

    pacs: Annotated[ServerName, msgspec.Meta(description="a `pacs` of the recipe's servers")]
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


def _build(options: Options, context: Context) -> PacsQuery:
    # Only a recipe that asks a PACS needs the queries.
    from dicomferry_plugins._pacs.by_query import PacsQuery

    server = context.server(options.pacs, PacsServer)
    return PacsQuery(
        peer_of(server, context),
        context.answers(options.pacs, server.manners, server.answers_valid),
        options.pacs,
        options.queries,
        options.series,
        options.expect,
        options.most_studies,
    )


_EXAMPLE = """\
sources:
  - pacs-query:                       # every study that agrees with all of these
      pacs: pacs
      where: {StudyDate: 20200101-20201231, ModalitiesInStudy: MR}
"""


@hookimpl
def dicomferry_sources() -> Iterable[Component[Options, Source]]:
    """Offer the PACS source."""
    yield Component("pacs-query", "studies of a PACS, by query", Options, _build, _EXAMPLE)
