"""`dicomferry lock`."""

from __future__ import annotations

import click

from dicomferry.cli.options.with_ferry import with_recipe
from dicomferry.ferry import Ferry


@click.command("lock")
@with_recipe
@click.option("--check", is_flag=True, help="Write nothing; fail where the lock does not fit.")
def command(ferry: Ferry, check: bool) -> None:
    """Write what a run of RECIPE is made of into NAME.lock beside it, to be reviewed like code.

    `dicomferry run --locked` refuses to run where anything of it has changed. Give the params of
    the run with --set, they are part of it.
    """
    if check:
        click.echo(f"{ferry.check_lock()}: fits")
    else:
        click.echo(f"{ferry.lock()}: written; run it with: dicomferry run --locked {ferry.path}")
