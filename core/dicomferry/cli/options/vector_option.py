"""`--save-vector`: what did not land as forecast, kept for a test."""

from __future__ import annotations

from pathlib import Path

import click

vector_option = click.option(
    "--save-vector", "vectors", type=click.Path(path_type=Path, dir_okay=False),
    help="Save what did not land as forecast as test vectors (.json), names and UIDs replaced.",
)  # fmt: skip
