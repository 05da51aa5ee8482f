"""`dicomferry doctor`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from dicomferry.cli.options.common import (
    find_plugins,
    format_option,
    read_recipe,
    recipe_argument,
    set_option,
    state_option,
)
from dicomferry.cli.views.text import columns, count, say
from dicomferry.engine.doctor import Check, CheckState, examine_servers, write_live_rules
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.session.session import state_folder
from dicomferry.errors import FerryError


@click.command("doctor")
@recipe_argument
@set_option
@state_option
@format_option
@click.option("--write", is_flag=True, help="Put the server's own rules into RECIPE.")
def command(
    recipe: Path, overrides: Mapping[str, str], state: Path | None, form: str, write: bool
) -> int:
    """Ask the servers of RECIPE whether they can be reached and are as it says.

    Changes nothing on them. What a login may not see counts as unknown, and never as right.
    """
    plugins = find_plugins()
    loaded = read_recipe(recipe, overrides, plugins)
    if not loaded.servers:
        raise FerryError(f"{recipe}: the recipe has no servers", hint="there is nothing to ask")
    found = examine_servers(loaded, BuildContext(loaded, plugins), state_folder(loaded, state))
    written = 0
    if write and any(found.differences.values()):
        written = write_live_rules(recipe, found.differences)
    if form == "json":
        checks = [_json(check) for check in found.checks]
        click.echo(json.dumps({"checks": checks, "written": written}, indent=2))
    else:
        say(_lines(found.checks))
        if written:
            click.echo(f"{recipe}: {count(written, 'value')} changed to what the server says.")
    return _exit_code(found.checks, written=bool(written))


def _exit_code(checks: Sequence[Check], *, written: bool) -> int:
    states = {check.state for check in checks}
    if CheckState.DIFFERS in states and not written:
        return 2
    return int(bool(states & {CheckState.FAILED, CheckState.UNKNOWN}))


def _lines(checks: Sequence[Check]) -> Iterator[str]:
    rows = [[str(check.state), check.server, check.what, check.message] for check in checks]
    for check, line in zip(checks, columns(rows, indent=""), strict=True):
        yield line
        if check.place is not None:
            yield f"    {check.place}"
        if check.hint and check.state is not CheckState.OK:
            yield f"    hint: {check.hint}"


def _json(check: Check) -> dict[str, object]:
    place = check.place
    return {
        "server": check.server,
        "what": check.what,
        "state": str(check.state),
        "message": check.message,
        "hint": check.hint,
        "file": place.file if place else None,
        "line": place.line if place else None,
    }
