"""A PACS among the recipe's servers."""

from __future__ import annotations

from collections.abc import Iterable

from dicomferry import Check, Context, PacsServer, ServerKind, hookimpl


def _check(name: str, server: PacsServer, context: Context) -> Iterable[Check]:
    from dicomferry_plugins._pacs_doctor import PacsExaminer

    return PacsExaminer(name, server, context).checks()


@hookimpl
def dicomferry_servers() -> Iterable[ServerKind[PacsServer]]:
    """Offer PACS to query and retrieve from."""
    yield ServerKind("pacs", "A PACS to query and retrieve from.", PacsServer, _check)
