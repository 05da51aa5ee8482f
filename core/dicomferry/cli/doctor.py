"""`dicomferry doctor`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from dicomferry.cli.options.common import format_option
from dicomferry.cli.options.with_ferry import with_ferry
from dicomferry.cli.views.text import columns, count, say, show_json
from dicomferry.engine.doctor import CheckState
from dicomferry.ferry import Ferry
from dicomferry.reports.doctor import CheckRecord, DoctorReport


@click.command("doctor")
@with_ferry
@format_option
@click.option("--write", is_flag=True, help="Put the server's own rules into RECIPE.")
def command(ferry: Ferry, form: str, write: bool) -> int:
    """Ask the servers of RECIPE whether they can be reached and are as it says.

    Changes nothing on them. What a login may not see counts as unknown, and never as right.
    """
    report = ferry.doctor(write=write)
    if form == "json":
        show_json(report)
    else:
        say(_lines(report.checks))
        if report.written:
            changed = count(report.written, "value")
            click.echo(f"{ferry.path}: {changed} changed to what the server says.")
    return _exit_code(report)


def _exit_code(report: DoctorReport) -> int:
    states = {check.state for check in report.checks}
    if CheckState.DIFFERS in states and not report.written:
        return 2
    return int(bool(states & {CheckState.FAILED, CheckState.UNKNOWN}))


def _lines(checks: Sequence[CheckRecord]) -> Iterator[str]:
    rows = [[str(check.state), check.server, check.what, check.message] for check in checks]
    for check, line in zip(checks, columns(rows, indent=""), strict=True):
        yield line
        if check.file is not None:
            yield f"    {check.file}:{check.line}:{check.column}"
        if check.hint and check.state is not CheckState.OK:
            yield f"    hint: {check.hint}"
