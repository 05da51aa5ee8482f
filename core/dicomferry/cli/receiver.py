"""`dicomferry receiver`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dicomferry.cli.options.common import find_plugins, read_identification
from dicomferry.cli.options.duration import seconds
from dicomferry.cli.options.fault_option import fault_option
from dicomferry.cli.views.text import say
from dicomferry.xnat.receiver import Faults

if TYPE_CHECKING:
    from dicomferry.engine.pipeline.context import LooseContext
    from dicomferry.recipe.servers import IdentifiedBy
    from dicomferry.xnat.receiver import SeriesFilter, SiteSettings

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
            "--quiet-period", metavar="TIME", callback=lambda _c, _p, v: seconds(v) if v else None,
            help="Build sessions after so long without an object; XNAT takes 5m [default: at the"
            " end].",
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
    **behavior: Any,
) -> None:
    """Run the stand-in XNAT until Ctrl-C, then show what an XNAT would hold.

    It takes instances by DICOM and, with --rest-port, questions and uploads by REST.
    """
    from dicomferry.cli.views.tree_view import format_tree
    from dicomferry.dicom.quiet import quietly
    from dicomferry.engine.pipeline.context import LooseContext
    from dicomferry.xnat.receiver import StandIn

    plugins = find_plugins()
    declared = read_identification(server_file, plugins) if server_file else None
    context = LooseContext(Path.cwd(), plugins)
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    stand_in = StandIn(
        context.identifier_of(declared),
        storage,
        ae_title=ae_title,
        host=host,
        port=port,
        rest_port=rest_port,
        settings=_settings(context, declared, **behavior),
    )
    with quietly(), stand_in:
        rest = f", REST at {stand_in.url}" if stand_in.url else ""
        click.echo(
            f"a stand-in, NOT an XNAT: {ae_title} listens at {host}:{stand_in.port}{rest};"
            " stop it with Ctrl-C"
        )
        while not done.wait(0.5):
            pass
        stand_in.build()
        say(format_tree(stand_in.tree()))


def _settings(
    context: LooseContext,
    declared: IdentifiedBy | None,
    *,
    prearchive_code: str,
    quiet_period: float | None,
    anonymize: bool,
    import_filter: str,
    series: tuple[str, ...],
    senders: tuple[str, ...],
    login: str,
    faults: Faults,
) -> SiteSettings:
    from dicomferry.xnat.naming.options import Identification
    from dicomferry.xnat.receiver import SiteSettings

    options = declared.options if declared else None
    return SiteSettings(
        prearchive_code=int(prearchive_code),
        quiet_period=quiet_period,
        anonymize=anonymize,
        series_filter=_series_filter(import_filter, series),
        whitelist=senders,
        login=context.secret(login) if login else "",
        faults=faults,
        declared=options if isinstance(options, Identification) else None,
    )


def _series_filter(mode: str, patterns: tuple[str, ...]) -> SeriesFilter | None:
    from dicomferry.xnat.receiver import SeriesFilter

    if not patterns:
        return None
    try:
        return SeriesFilter(mode, patterns)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--series") from error
