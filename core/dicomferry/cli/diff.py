"""`dicomferry diff`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from dicomferry.cli.options.common import format_option, read_files, set_option
from dicomferry.cli.options.with_ferry import open_ferry
from dicomferry.cli.views.text import columns, count, say, show_json
from dicomferry.engine.provenance.manifests import diff_manifests
from dicomferry.errors import FerryError
from dicomferry.ferry import Ferry
from dicomferry.reports.replay import ManifestContrast
from dicomferry.reports.trial import ContrastReport

_WIDTH = 60


@click.command("diff")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option(
    "--files", "folder", type=click.Path(path_type=Path),
    help="Compare what becomes of these files, rather than of instances made up.",
)  # fmt: skip
@set_option
@format_option
def command(
    first: Path, second: Path, folder: Path | None, overrides: Mapping[str, str], form: str
) -> int:
    """Show how the recipes FIRST and SECOND differ in effect, tag by tag; 1 when they do.

    Both are tried on the instances of their own tests and on others made up of what they mention.
    Two manifests of runs are compared instance by instance instead.
    """
    if first.suffix == second.suffix == ".jsonl":  # as runs call their manifests
        return _diff_manifests(first, second, form)
    with _open(first, overrides) as one, _open(second, overrides) as other:
        report = one.contrast(other, read_files((folder,)) if folder is not None else None)
    if not report.compared:
        raise FerryError(f"{folder}: holds no instance that can be read")
    if form == "json":
        show_json(report)
    else:
        say(_lines(report))
    return int(not report.same)


def _diff_manifests(first: Path, second: Path, form: str) -> int:
    lines = diff_manifests(first, second)
    if form == "json":
        report = ManifestContrast(tuple(lines))
        show_json(report)
        return int(bool(report.differences))
    differ = False
    for line in lines:
        differ = True
        say([line])
    if not differ:
        click.echo("Both runs did the same.")
    return int(differ)


def _open(path: Path, overrides: Mapping[str, str]) -> Ferry:
    """Open one of the two recipes with those of the parameters that it declares."""
    from dicomferry.recipe.layers import read_layers
    from dicomferry.recipe.settings import ParamSettings

    declared = read_layers(path).root.child("params")
    names = declared.value if declared and isinstance(declared.value, Mapping) else {}
    return open_ferry(path, ParamSettings.of(overrides).only(names))


def _lines(report: ContrastReport) -> Iterator[str]:
    for one in report.settings:
        yield one.path
        yield f"  - {_shown(one.first)}"
        yield f"  + {_shown(one.second)}"
    rows = [
        [e.what, _quoted(e.first), "→", _quoted(e.second), f"({e.instances}, {e.example})"]
        for e in report.effects
    ]
    yield from columns(rows, indent="")
    verdict = count(len(report.effects), "difference") if report.effects else "no difference"
    yield f"{verdict} in effect, on {count(report.compared, 'instance')}"


def _shown(value: object) -> str:
    return "(not there)" if value is None else str(value)


def _quoted(value: str | None) -> str:
    if value is None:
        return "(not there)"
    return f'"{value}"' if len(value) <= _WIDTH else f'"{value[:_WIDTH]}"…'
