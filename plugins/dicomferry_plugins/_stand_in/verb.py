"""`dicomferry receiver`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dicomferry.contract import Faults
from dicomferry.options import fault_option, seconds

if TYPE_CHECKING:
    from dicomferry_plugins._stand_in.site.filters import SeriesFilter
    from dicomferry_plugins._stand_in.site.settings import SiteSettings

_PORT = click.IntRange(0, 65535)


def _network(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where it listens and whom it lets in."""
    for option in (
        click.option(
            "--login", metavar="REFERENCE", default="",
            help="Reference to the one user:password taken over REST, as ${env:X}; any otherwise.",
        ),
        click.option(
            "--sender", "senders", multiple=True, metavar="AE|IP/CIDR|AE@IP",
            help="Let in these senders only, as XNAT's whitelist does; may be repeated.",
        ),
        click.option("--ae-title", default="XNAT", show_default=True, help="Our AE title."),
        click.option("--rest-port", type=_PORT, help="Port of the REST side [default: none]."),
        click.option(
            "--port", type=_PORT, default=8104, show_default=True,
            help="Port to listen at; 0 takes a free one.",
        ),
        click.option(
            "--host", default="127.0.0.1", show_default=True, help="Address to listen at."
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def _behavior(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how it is set up, as an XNAT's administrator would have."""
    for option in (
        click.option(
            "--series", multiple=True, metavar="REGEX",
            help="A SeriesDescription the import filter is about; may be repeated.",
        ),
        click.option(
            "--import-filter", type=click.Choice(["blacklist", "whitelist"]), default="blacklist",
            show_default=True, help="Whether the filter drops --series, or all others.",
        ),
        click.option(
            "--anonymize", is_flag=True, help="Run XNAT's default script on what is stored."
        ),
        click.option(
            "--quiet-period", metavar="TIME", default="30s", show_default=True,
            callback=lambda _c, _p, v: seconds(v),
            help="Build sessions after so long without an object; XNAT takes 5m.",
        ),
        click.option(
            "--prearchive-code", type=click.Choice(["0", "4", "5"]), default="4",
            show_default=True,
            help="0 leaves sessions in the prearchive, 4 archives, 5 overwrites files too.",
        ),
        click.option(
            "--storage", type=click.Path(path_type=Path, file_okay=False),
            help="Folder for what arrives [default: nothing is kept].",
        ),
        click.option(
            "--server", "server_file", type=click.Path(path_type=Path, dir_okay=False),
            help="YAML file with one `identification:` mapping: how to identify.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command("receiver")
@_network
@_behavior
@fault_option
def command(
    host: str,
    port: int,
    rest_port: int | None,
    ae_title: str,
    server_file: Path | None,
    storage: Path | None,
    login: str,
    **behavior: Any,
) -> None:
    """Run the stand-in XNAT until Ctrl-C, then show what an XNAT would hold.

    It takes instances by DICOM and, with --rest-port, questions and uploads by REST.
    """
    from dicomferry.dicom import quietly
    from dicomferry.options import format_tree, identified_by, say
    from dicomferry_plugins._stand_in.standin import XnatStandIn

    quiet = behavior["quiet_period"]
    identified = identified_by(server_file)
    login = identified.context.secret(login) if login else ""
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    stand_in = XnatStandIn(
        identified.identifier,
        storage,
        ae_title=ae_title,
        host=host,
        port=port,
        rest_port=rest_port,
        settings=_settings(identified.options, login, **behavior),
    )
    with quietly(), stand_in:
        rest = f", REST at {stand_in.url}" if stand_in.url else ""
        click.echo(
            f"a stand-in, NOT an XNAT: {ae_title} listens at {host}:{stand_in.port}{rest};"
            f" it builds what was quiet for {quiet:g} s; stop it with Ctrl-C"
        )
        while not done.wait(0.5):
            pass
        stand_in.build()
        say(format_tree(stand_in.tree()))


def _settings(
    declared: object,
    login: str,
    *,
    prearchive_code: str,
    quiet_period: float,
    anonymize: bool,
    import_filter: str,
    series: tuple[str, ...],
    senders: tuple[str, ...],
    faults: Faults,
) -> SiteSettings:
    from dicomferry_plugins._stand_in.site.settings import SiteSettings

    return SiteSettings(
        prearchive_code=int(prearchive_code),
        quiet_period=quiet_period,
        anonymize=anonymize,
        series_filter=_series_filter(import_filter, series),
        whitelist=senders,
        login=login,
        faults=faults,
        declared=declared,
    )


def _series_filter(mode: str, patterns: tuple[str, ...]) -> SeriesFilter | None:
    from dicomferry_plugins._stand_in.site.filters import SeriesFilter

    if not patterns:
        return None
    try:
        return SeriesFilter(mode, patterns)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--series") from error
