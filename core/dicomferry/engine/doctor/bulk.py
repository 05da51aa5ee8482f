"""Settings of an XNAT that are dangerous when thousands of sessions come in a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from dicomferry.recipe.servers import XnatServer
from dicomferry.xnat.rest.settings import DicomReceiver

_LEAST_MINUTES: Final = 2.0
_LISTENERS: Final = ("ohif",)
"""Parts of the names of plug-ins that work on every session while it is archived."""
_PACE: Final = "pace: {} in the recipe sends no more than XNAT can build"


class Danger(Struct, frozen=True):
    """What is dangerous for an import in bulk, and what to do about it."""

    message: str
    hint: str


def dangers(
    server: XnatServer,
    receiver: DicomReceiver | None,
    site: Mapping[str, Any] | None,
    plugins: frozenset[str] | None,
) -> Iterator[Danger]:
    """Yield what is dangerous of what is known; None is what the login may not see.

    The public report of an import that stopped for good (London AI Centre, FLIP issue 662) names
    direct archiving and the event listener of the OHIF viewer.
    """
    if receiver is not None and receiver.direct_archive:
        yield Danger(
            "the receiver archives directly: many builds at once have held one another up for good",
            "switch direct archiving off for the import" + ("" if server.pace else f"; {_PACE}"),
        )
    for name in sorted(plugins or ()):
        if any(part in name.lower() for part in _LISTENERS):
            yield Danger(
                f"the plug-in {name} works on every session that is archived",
                "take it out for the import, or let few sessions be outstanding: pace:",
            )
    minutes = (site or {}).get("sessionXmlRebuilderInterval")
    if isinstance(minutes, int | float) and minutes < _LEAST_MINUTES:
        yield Danger(
            f"a session is built after {minutes:g} quiet minutes: one that comes with gaps is"
            " built and archived in pieces",
            "set sessionXmlRebuilderInterval to 5, as XNAT has it",
        )
