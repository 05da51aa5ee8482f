"""`dicomferry replay`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from dicomferry.cli.options.common import find_plugins, format_option, set_option
from dicomferry.cli.options.with_ferry import told
from dicomferry.cli.views.progress import showing
from dicomferry.cli.views.text import count, say, show_json
from dicomferry.engine.session.replay import ReplayReceiver
from dicomferry.ferry import Ferry
from dicomferry.reports.replay import ReplayReport

_RECEIVER = re.compile(r"(?:(?P<ae>[^@]{1,16})@)?(?P<host>[^@:/\s]+):(?P<port>\d{1,5})")


@click.command("replay")
@click.argument("manifest", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--to", "folder", type=click.Path(path_type=Path, file_okay=False),
    help="Write the files into this folder, and read them back [default: nothing is kept].",
)  # fmt: skip
@click.option(
    "--receiver", metavar="[AE@]HOST:PORT", help="Send them to this DICOM receiver instead."
)
@click.option(
    "--recipe", type=click.Path(path_type=Path, dir_okay=False),
    help="The recipe, where it is not in its place any more.",
)  # fmt: skip
@set_option
@format_option
def command(
    manifest: Path,
    folder: Path | None,
    receiver: str | None,
    recipe: Path | None,
    overrides: Mapping[str, str],
    form: str,
) -> int:
    """Do again what MANIFEST says was stored, elsewhere, and prove that every byte is the same.

    Nothing goes to the recipe's own receivers, and its ledger is not touched. MANIFEST is what a
    run leaves in the folder `manifests` beside its ledger. Ends with 1 where anything differs.
    """
    if folder is not None and receiver is not None:
        raise click.UsageError("--to and --receiver exclude each other")
    ferry = told(Ferry.of_manifest(manifest, recipe, overrides, plugins=find_plugins()))
    with ferry, showing(ferry, form):
        report = ferry.replay(manifest, folder or _receiver(receiver))
    if form == "json":
        show_json(report)
    else:
        say(_lines(report))
    return int(not report.same)


def _receiver(receiver: str | None) -> ReplayReceiver | None:
    if receiver is None:
        return None
    found = _RECEIVER.fullmatch(receiver)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise click.BadParameter(f"'{receiver}' is not HOST:PORT or AE@HOST:PORT")
    return ReplayReceiver(found["host"], int(found["port"]), found["ae"] or "XNAT")


def _lines(result: ReplayReport) -> Iterator[str]:
    for line in result.changed_since:
        yield f"changed since: {line}"
    for difference in result.differences:
        yield f"different: {difference}"
    if result.different > len(result.differences):
        yield f"… and {result.different - len(result.differences):,} more"
    if result.unproved:
        yield f"{count(result.unproved, 'instance')} cannot be proved: the manifest has no digest"
    total = count(result.instances, "instance")
    if result.same:
        yield f"{total}: every byte is the same."
    elif result.instances:
        yield f"{result.identical:,} of {total} identical."
    else:
        yield "The manifest lists nothing that was stored: nothing is proved."
