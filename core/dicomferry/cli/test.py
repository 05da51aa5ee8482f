"""`dicomferry test`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from dicomferry.cli.options.common import format_option
from dicomferry.cli.options.with_ferry import with_recipe
from dicomferry.cli.views.text import count, say, show_json
from dicomferry.ferry import Ferry
from dicomferry.reports.trial import TrialRecord, TrialReport, UnmetRecord


@click.command("test")
@with_recipe
@format_option
@click.option("--update", is_flag=True, help="Rewrite what is expected; comments are kept.")
def command(ferry: Ferry, form: str, update: bool) -> int:
    """Try RECIPE on its own tests; no data are needed, and nothing is sent.

    The expectations come from reading the recipe, so read what --update writes.
    """
    report = ferry.test(update=update)
    if form == "json":
        show_json(report)
    else:
        say(_lines(ferry.path, report))
        if update:
            click.echo(f"{count(report.updated, 'test')} rewritten: read what they expect now")
    return int(not update and not report.passed)


def _lines(recipe: Path, report: TrialReport) -> Iterator[str]:
    for test in report.tests:
        for unmet in test.differences:
            yield from _unmet(test, unmet)
    failed = sum(not test.passed for test in report.tests)
    verdict = f"{failed} failed" if failed else "all passed"
    yield f"{recipe}: {count(len(report.tests), 'test')}, {verdict}"


def _unmet(test: TrialRecord, unmet: UnmetRecord) -> Iterator[str]:
    place = f"{unmet.file}:{unmet.line}:{unmet.column}" if unmet.file else None
    name = f" ({test.name})" if test.name else ""
    yield f"{place}: {unmet.path}{name}"
    yield f"  - {_shown(unmet.expected)}"
    yield f"  + {_shown(unmet.actual)}"
    if unmet.why:
        yield f"    {unmet.why}"


def _shown(value: str | bool | None) -> str:
    return "(not there)" if value is None else str(value).lower() if value is False else str(value)
