"""`dicomferry verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dicomferry.cli.options.common import format_option, vector_option
from dicomferry.cli.options.duration import seconds
from dicomferry.cli.options.with_ferry import with_ferry
from dicomferry.cli.views.progress import showing
from dicomferry.cli.views.verdict_view import save_verdicts, show_verdicts
from dicomferry.ferry import Ferry

if TYPE_CHECKING:
    from dicomferry.ferry import Content


@click.command("verify")
@with_ferry
@format_option
@click.option(
    "--wait", default="0", metavar="TIME", callback=lambda _c, _p, v: seconds(v),
    help="Look until XNAT is done with every session, this long at most: 10m, 90s.",
)  # fmt: skip
@click.option(
    "--content", type=click.Choice(["none", "sample", "all"]), default="none",
    help="Read back one instance of each series, or all, and compare them.",
)  # fmt: skip
@click.option(
    "--send-again", "send", is_flag=True, help="Let the next run bring what XNAT does not hold."
)
@vector_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False),
    help="Save the verdicts as .json or .csv.",
)  # fmt: skip
def command(
    ferry: Ferry,
    form: str,
    wait: float,
    content: Content,
    send: bool,
    vectors: Path | None,
    output: Path | None,
) -> int:
    """Ask XNAT what it holds of RECIPE's plan, by SOP Instance UID, and say what is not right.

    Looks into the archive and the prearchive. Ends with 0 only when everything has landed where it
    was forecast.
    """
    with showing(ferry, form):
        report = ferry.verify(wait=wait, content=content, send_again=send, save_vectors=vectors)
    if output is not None:
        save_verdicts(report, output)
    show_verdicts(report, form, read_back=content != "none")
    return 0 if report.landed else 1
