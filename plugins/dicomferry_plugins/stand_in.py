"""Stand in for an XNAT on this machine: rehearse a recipe, or receive what is sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dicomferry import hookimpl
from dicomferry.contract import StandInKind, StandInOrder

if TYPE_CHECKING:
    import click

    from dicomferry_plugins._stand_in.standin import XnatStandIn


def _open(order: StandInOrder) -> XnatStandIn:
    from dicomferry_plugins._stand_in.site.settings import SiteSettings
    from dicomferry_plugins._stand_in.standin import XnatStandIn

    settings = SiteSettings(
        quiet_period=order.quiet_period,
        anonymize=order.anonymize,
        site_script=order.site_script,
        project_scripts=order.project_scripts,
        login=order.login,
        faults=order.faults,
        declared=order.options,
    )
    return XnatStandIn(
        order.identifier,
        order.storage,
        ae_title=order.ae_title,
        rest_port=0,
        settings=settings,
    )


@hookimpl
def dicomferry_stand_ins() -> Iterable[StandInKind]:
    """Offer the stand-in for an XNAT."""
    yield StandInKind("xnat", "receives, files and answers as an XNAT would", _open)


@hookimpl
def dicomferry_verbs() -> Iterable[click.Command]:
    """Offer `receiver`."""
    from dicomferry_plugins._stand_in.verb import command  # most call another verb

    yield command
