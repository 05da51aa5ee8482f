"""A PACS among the recipe's servers, and what it has fetched by C-GET or C-MOVE."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dicomferry import Check, Component, Context, ServerKind, hookimpl
from dicomferry.contract import Fetcher, Manners
from dicomferry_plugins._pacs.server import PacsServer

if TYPE_CHECKING:
    from dicomferry_plugins._pacs.fetch import DimseFetcher


def _check(name: str, server: PacsServer, context: Context) -> Iterable[Check]:
    from dicomferry_plugins._pacs.examiner import PacsExaminer

    return PacsExaminer(name, server, context).checks()


_EXAMPLE = """\
  pacs:                               # where the instances are asked for
    pacs: {host: pacs.example.org, port: 104, ae_title: PACS, calling_ae_title: DICOMFERRY}
"""


def _build(server: PacsServer, context: Context) -> DimseFetcher:
    # Only a recipe with a PACS needs the transport, which is slow to load.
    from dicomferry_plugins._pacs.fetch import DimseFetcher, moving
    from dicomferry_plugins._pacs.listener import MoveTarget

    manners = Manners(
        server.associations,
        server.requests_per_minute,
        server.batch,
        server.hours,
        "c-get",
        tuple(server.accept),
    )
    movable = server.retrieve != "c-get" and server.move_ae_title
    target = MoveTarget(server.move_ae_title, server.move_port) if movable else None
    if server.retrieve == "c-move":
        manners = moving(manners)
    return DimseFetcher(context.peer(server), manners, target)


@hookimpl
def dicomferry_servers() -> Iterable[ServerKind[PacsServer]]:
    """Offer PACS to query and retrieve from."""
    yield ServerKind("pacs", "A PACS to query and retrieve from.", PacsServer, _check, _EXAMPLE)


@hookimpl
def dicomferry_fetchers() -> Iterable[Component[PacsServer, Fetcher]]:
    """Offer retrieval from a PACS."""
    yield Component("pacs", "retrieve from a PACS by C-GET or C-MOVE", PacsServer, _build)
