"""`dicomferry receiver`."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from dicomferry.cli.common import find_plugins, read_identification
from dicomferry.cli.text import say


@click.command("receiver")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8104, show_default=True,
    help="Port to listen at; 0 takes a free one.",
)  # fmt: skip
@click.option("--ae-title", default="XNAT", show_default=True, help="Our AE title.")
@click.option(
    "--server", "server_file", type=click.Path(path_type=Path, dir_okay=False),
    help="YAML file with one `identification:` mapping: how to identify.",
)  # fmt: skip
@click.option(
    "--storage", type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what arrives [default: nothing is kept].",
)  # fmt: skip
def command(
    host: str, port: int, ae_title: str, server_file: Path | None, storage: Path | None
) -> None:
    """Run the stand-in XNAT receiver until Ctrl-C, then show what an XNAT would hold."""
    from dicomferry.engine.context import LooseContext
    from dicomferry.xnat.receiver import StandIn
    from dicomferry.xnat.tree import format_tree

    plugins = find_plugins()
    declared = read_identification(server_file, plugins) if server_file else None
    identifier = LooseContext(Path.cwd(), plugins).identifier_of(declared)
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    with StandIn(identifier, storage, ae_title=ae_title, host=host, port=port) as stand_in:
        click.echo(
            f"a stand-in, NOT an XNAT: {ae_title} listens at {host}:{stand_in.port};"
            " stop it with Ctrl-C"
        )
        while not done.wait(0.5):
            pass
        stand_in.build()
        say(format_tree(stand_in.tree()))
