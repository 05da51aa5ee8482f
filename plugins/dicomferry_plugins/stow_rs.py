"""Store instances in a DICOMweb server by STOW-RS, and call stored what it names as stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import msgspec

from dicomferry import Component, Context, Sink, hookimpl
from dicomferry.options import ServerName
from dicomferry_plugins._dicomweb.server import DicomWebServer, site_of

if TYPE_CHECKING:
    from dicomferry_plugins._dicomweb.stow import StowSink


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """STOW-RS to a DICOMweb server among the recipe's servers."""

    server: Annotated[ServerName, msgspec.Meta(description="a `dicomweb` of the recipe's servers")]
    retries: Annotated[
        int,
        msgspec.Meta(
            description="how often an instance is sent again when the server is busy, or where"
            " nobody knows what became of it",
            ge=0,
            le=20,
        ),
    ] = 4


def _build(options: Options, context: Context) -> StowSink:
    # Only a recipe that sends needs the transport.
    from dicomferry_plugins._dicomweb.stow import StowSink

    server = context.server(options.server, DicomWebServer)
    site = site_of(server, context)
    return StowSink(site, server.connections, f"DICOMweb@{site.url}", options.retries)


_EXAMPLE = """\
sinks:
  - stow-rs: {server: dicomweb}
"""


@hookimpl
def dicomferry_sinks() -> Iterable[Component[Options, Sink]]:
    """Offer the STOW-RS sink."""
    yield Component("stow-rs", "store in a DICOMweb server", Options, _build, _EXAMPLE)
