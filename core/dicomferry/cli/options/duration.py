"""Spans of time on the command line: `90`, `90s`, `10m`, `1h`."""

from __future__ import annotations

import re
from typing import Final

import click

_SECONDS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """Return the seconds of a text such as `10m`; raises `click.BadParameter` for another."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)([smh]?)", text.strip())
    if found is None:
        raise click.BadParameter(f"'{text}' is no span of time: write 90s, 10m or 1h")
    return float(found[1]) * _SECONDS[found[2]]
