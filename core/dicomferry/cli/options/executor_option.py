"""`--executor`: what has the work done."""

from __future__ import annotations

import click

executor_option = click.option(
    "--executor", default="local", metavar="NAME",
    help="What has the work done: local (worker processes), in-process (for a debugger), or one"
    " that a plug-in offers, as NAME or NAME:OPTION=VALUE,… [default: local].",
)  # fmt: skip
