"""`--fault`: the faults that a stand-in makes on purpose."""

from __future__ import annotations

from typing import Any

import click
from msgspec.structs import fields

from dicomferry.contract.stand_in import Faults

_NAMES = {
    field.name.replace("_", "-"): field for field in fields(Faults) if field.name != "drop_stored"
}


def _faults(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> Faults:
    chosen: dict[str, Any] = {}
    for text in given:
        name, sign, number = text.partition("=")
        if name not in _NAMES or not sign:
            raise click.BadParameter(f"'{text}' is not NAME=N; names are {', '.join(_NAMES)}")
        try:
            value = int(number, 0)
        except ValueError:
            raise click.BadParameter(f"'{number}' in '{text}' is not a whole number") from None
        if value < 0:
            raise click.BadParameter(f"'{number}' in '{text}' is less than 0")
        chosen[_NAMES[name].name] = value
    return Faults(**chosen)


fault_option = click.option(
    "--fault", "faults", multiple=True, metavar="NAME=N", callback=_faults,
    help=f"Let the stand-in misbehave: {', '.join(_NAMES)}.",
)  # fmt: skip
