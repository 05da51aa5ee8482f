"""`dicomferry replay`."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from msgspec.structs import asdict

from dicomferry.cli.options.common import (
    find_plugins,
    format_option,
    read_recipe,
    set_option,
)
from dicomferry.cli.views.progress import choose_display
from dicomferry.cli.views.text import count, say
from dicomferry.engine.pipeline.steps import build_steps
from dicomferry.engine.provenance.lock_file import drift, make_lock
from dicomferry.engine.provenance.manifest import Head, read_head
from dicomferry.engine.session.job import Job
from dicomferry.engine.session.replay import (
    Replayed,
    ReplayReceiver,
    Target,
    redirected,
    replay,
)
from dicomferry.errors import FerryError

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
    head = read_head(manifest)
    plugins = find_plugins()
    loaded = read_recipe(recipe or head.recipe, _params(head, overrides), plugins)
    drifted = drift(
        head.lock, make_lock(loaded, plugins, build_steps(loaded, plugins)), ("then", "now")
    )
    display = choose_display(form)
    with tempfile.TemporaryDirectory(prefix="dicomferry-replay-") as scratch:
        target = _target(folder, receiver, Path(scratch) / "files")
        pointed = redirected(loaded, target)
        state = Path(scratch) / "state"
        job = Job(pointed, plugins, state, display.show)
        with display:
            result = replay(manifest, job, target)
        if form == "json":
            click.echo(json.dumps(_json(result, drifted), indent=2))
        else:
            say(_lines(result, drifted))
        return int(not result.same)


def _params(head: Head, overrides: Mapping[str, str]) -> Mapping[str, str]:
    params = {**head.params, **overrides}
    missing = [name for name, value in params.items() if value is None]
    if missing:
        raise FerryError(
            f"the manifest does not keep what may be a secret: {', '.join(missing)}",
            hint=" ".join(f"--set {name}=VALUE" for name in missing),
        )
    return {name: value for name, value in params.items() if value is not None}


def _target(folder: Path | None, receiver: str | None, scratch: Path) -> Target:
    if receiver is None:
        return folder or scratch
    found = _RECEIVER.fullmatch(receiver)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise click.BadParameter(f"'{receiver}' is not HOST:PORT or AE@HOST:PORT")
    return ReplayReceiver(found["host"], int(found["port"]), found["ae"] or "XNAT")


def _lines(result: Replayed, drifted: list[str]) -> Iterator[str]:
    for line in drifted:
        yield f"changed since: {line}"
    for difference in result.first:
        yield f"different: {difference}"
    if result.different > len(result.first):
        yield f"… and {result.different - len(result.first):,} more"
    if result.unproved:
        yield f"{count(result.unproved, 'instance')} cannot be proved: the manifest has no digest"
    total = count(result.instances, "instance")
    if result.same:
        yield f"{total}: every byte is the same."
    elif result.instances:
        yield f"{result.identical:,} of {total} identical."
    else:
        yield "The manifest lists nothing that was stored: nothing is proved."


def _json(result: Replayed, drifted: list[str]) -> dict[str, object]:
    return {
        "same": result.same,
        "instances": result.instances,
        "identical": result.identical,
        "unproved": result.unproved,
        "different": result.different,
        "differences": [asdict(difference) for difference in result.first],
        "changed_since": drifted,
    }
