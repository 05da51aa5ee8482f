"""A verb: says what of the shelf is still to be brought, patient by patient."""

from __future__ import annotations

import click

from dicomferry import Ferry
from dicomferry.options import with_ferry


@click.command("seaside-round")
@with_ferry
@click.option("--bring", is_flag=True, help="Bring it, too.")
def round_(ferry: Ferry, bring: bool) -> int:
    """Say how many films of each patient RECIPE has still to bring."""
    plan = ferry.plan()
    for session in plan.sessions():
        left = session.instances - max(session.stored.values(), default=0)
        click.echo(f"{session.subject}: {left} to bring")
    if not bring:
        return 0
    report = ferry.run(plan)
    click.echo("all is brought" if report.complete else f"{report.remaining} are left")
    return int(not report.complete)
