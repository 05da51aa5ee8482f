"""A PACS among the recipe's servers."""

from __future__ import annotations

from collections.abc import Iterable

from dicomferry import Check, Context, PacsServer, ServerKind, hookimpl


def _check(name: str, server: PacsServer, context: Context) -> Iterable[Check]:
    from dicomferry_plugins._pacs_doctor import PacsExaminer

    return PacsExaminer(name, server, context).checks()


_EXAMPLE = """\
  pacs:                               # where the instances are asked for
    pacs: {host: pacs.example.org, port: 104, ae_title: PACS, calling_ae_title: DICOMFERRY}
"""


@hookimpl
def dicomferry_servers() -> Iterable[ServerKind[PacsServer]]:
    """Offer PACS to query and retrieve from."""
    yield ServerKind("pacs", "A PACS to query and retrieve from.", PacsServer, _check, _EXAMPLE)
