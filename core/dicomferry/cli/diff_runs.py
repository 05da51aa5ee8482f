"""`dicomferry diff` of two manifests."""

from __future__ import annotations

from pathlib import Path

import click

from dicomferry.cli.views.text import say, show_json
from dicomferry.engine.provenance.manifests import diff_manifests


def are_manifests(first: Path, second: Path) -> bool:
    """Tell whether both files are called as runs call their manifests."""
    return first.suffix == second.suffix == ".jsonl"


def diff_runs(first: Path, second: Path, form: str) -> int:
    """Show how two runs differ, instance by instance; 1 when they do."""
    lines = diff_manifests(first, second)
    if form == "json":
        found = list(lines)
        show_json({"differences": found})
        return int(bool(found))
    differ = False
    for line in lines:
        differ = True
        say([line])
    if not differ:
        click.echo("Both runs did the same.")
    return int(differ)
